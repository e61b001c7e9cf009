// What went wrong at Fly, in words that a reconciler can act on. The classifier is pure: every new answer seen in production becomes
// one rule here and one row in its test. Nothing here retries or looks anything up.
import { z } from 'zod'
import { ConchError } from '../../lib/errors.ts'
import type { FlyClient } from './types.ts'

export type ProviderErrorKind =
  | 'region-full'
  | 'host-full'
  | 'quota'
  | 'name-taken'
  /** The app name belongs to another organisation (403 on GET app). */
  | 'foreign'
  | 'lease-held'
  | 'conflict'
  | 'already-exists'
  | 'not-found'
  /** Still created, being replaced, or a volume that Fly's scheduler does not see yet: wait, then the same call again. */
  | 'not-ready'
  | 'wait-timeout'
  | 'rate-limited'
  | 'unauthorized'
  | 'transient'
  | 'fatal'

export type Operation = Exclude<keyof FlyClient, 'close'>

type Classified = { kind: ProviderErrorKind; ambiguous: boolean; detail: string; adoptMachineId?: string }

export class ProviderError extends ConchError {
  override readonly name: string = 'ProviderError'
  readonly kind: ProviderErrorKind
  readonly status: number | null
  readonly requestId: string | null
  /** The effect may have happened all the same (time-out, reset after sending, 408, 5xx): look before acting again. */
  readonly ambiguous: boolean
  /** With `already-exists`: the machine that carries the name. */
  readonly adoptMachineId?: string

  constructor(input: Classified & { operation: Operation; status: number | null; requestId: string | null }, options?: ErrorOptions) {
    const status = input.status === null ? '' : ` ${input.status}`
    super(`provider.${input.kind}`, `${input.operation}:${status} ${input.kind}: ${input.detail}`, options)
    this.kind = input.kind
    this.status = input.status
    this.requestId = input.requestId
    this.ambiguous = input.ambiguous
    if (input.adoptMachineId !== undefined) this.adoptMachineId = input.adoptMachineId
  }
}

type Rule = { kind: ProviderErrorKind; statuses?: number[]; text?: RegExp; operations?: Operation[] }

const CREATES: Operation[] = ['createApp', 'createMachine', 'createVolume', 'updateMachine', 'extendVolume', 'allocateIp']
const LIMIT = /\b(quota|(machine|volume|app)s? limit|limit (has been |was )?(reached|exceeded))\b|\b(reached|exceed\w*)\b[\w' ]*\blimit\b/

// The first rule that fits wins. 409 and 412 say many things: the words in the body come before the status.
const RULES: Rule[] = [
  { kind: 'not-ready', text: /unable to start machine from current state|getting replaced/ },
  { kind: 'not-ready', statuses: [400], text: /volume not found/ },
  { kind: 'not-ready', statuses: [409, 412], operations: ['exec'] },
  { kind: 'unauthorized', statuses: [401] },
  { kind: 'foreign', statuses: [403], operations: ['getApp'] },
  { kind: 'quota', statuses: [403, 422], text: LIMIT },
  { kind: 'unauthorized', statuses: [403], text: /authori[sz]ed|permission|forbidden|token/ },
  // A peer in production met its account's limits as a bare 403 on creation.
  { kind: 'quota', statuses: [403], operations: CREATES },
  { kind: 'unauthorized', statuses: [403] },
  { kind: 'not-found', statuses: [404] },
  { kind: 'wait-timeout', statuses: [408], operations: ['waitMachine'] },
  { kind: 'transient', statuses: [408] },
  { kind: 'rate-limited', statuses: [429] },
  { kind: 'name-taken', statuses: [422], text: /already been taken|name_taken/ },
  { kind: 'name-taken', statuses: [409], operations: ['createApp'] },
  { kind: 'already-exists', statuses: [409], text: /already_exists|already exists/ },
  { kind: 'lease-held', statuses: [409, 412], text: /\blease\b/ },
  { kind: 'host-full', statuses: [409, 412, 422], text: /volume_placement_capacity|insufficient resources|could not reserve resource/ },
  { kind: 'region-full', statuses: [409, 412, 422], text: /no capacity|could not find a candidate host|insufficient[_ ]capacity/ },
  { kind: 'conflict', statuses: [409, 412] },
]

/** Names a refused answer. `body` is the parsed JSON, or the text when it was not JSON. */
export function classify(answer: { status: number; body: unknown; operation: Operation }): Classified {
  const { status, operation } = answer
  const text = textOf(answer.body)
  const words = text.toLowerCase()
  const rule = RULES.find(
    (candidate) =>
      candidate.statuses?.includes(status) !== false && candidate.operations?.includes(operation) !== false && candidate.text?.test(words) !== false,
  )
  const kind = rule?.kind ?? (status >= 500 ? 'transient' : 'fatal')
  // Fly quotes the offending input in some refusals; what we send here is the secret itself, or what a command reads.
  const detail = operation === 'setSecret' || operation === 'exec' ? 'refused' : text.slice(0, 300)
  const adopt = kind === 'already-exists' ? /machine ID ([a-z0-9]+)/i.exec(text)?.[1] : undefined
  return { kind, ambiguous: kind === 'transient', detail, ...(adopt === undefined ? {} : { adoptMachineId: adopt }) }
}

const ErrorBody = z.looseObject({ error: z.unknown().optional(), message: z.unknown().optional() })

function textOf(body: unknown): string {
  if (typeof body === 'string') return body
  if (body === null || body === undefined) return ''
  const parsed = ErrorBody.safeParse(body)
  if (!parsed.success) return JSON.stringify(body)
  const { error, message, ...rest } = parsed.data
  const said = [error, message].filter((part) => typeof part === 'string').join(' ')
  return Object.keys(rest).length === 0 && said !== '' ? said : `${said} ${JSON.stringify(rest)}`.trim()
}

// Failures of these kinds happen before the first byte of the request leaves.
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])
const ErrorCode = z.looseObject({ code: z.string() })

/** Names a call that got no answer: always transient; ambiguous unless the connection was never made. */
export function classifyNetwork(error: unknown): Classified {
  const codes = [error, ...innerErrors(error)].map((inner) => ErrorCode.safeParse(inner).data?.code).filter((code) => code !== undefined)
  const code = codes.find((candidate) => NEVER_SENT.has(candidate)) ?? codes[0] ?? 'no answer'
  return { kind: 'transient', ambiguous: !NEVER_SENT.has(code), detail: code }
}

// A host with several addresses fails with an AggregateError, one error per address.
function innerErrors(error: unknown): unknown[] {
  return error instanceof AggregateError ? error.errors : error instanceof Error && error.cause !== undefined ? [error.cause] : []
}
