// What all pages have in common that are opened by a link which works once: how a link is looked at, who looks for links that do not exist, and how
// a post shows that it comes from the page.
import { createHash, timingSafeEqual } from 'node:crypto'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import type { Db } from '../db/connect.ts'
import { countMiss, lookAtToken, type OneTimeLook } from '../db/one-time-tokens.ts'
import type { Language } from '../domain/language.ts'
import { Sealed } from '../lib/sealed.ts'
import { callerOf } from './caller.ts'
import type { Page } from './page.ts'
import { endPage } from './secret-pages.ts'
import { languageOfBrowser } from './words.ts'

/** Where browsers reach us. */
export type Site = { address(): string; secure: boolean }

const MISSES_MAX = 20
export const MISSES_MINUTES = 10
const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** The token in the address of a page, and what it leads to. */
export async function seenToken(db: Db, context: Context, purpose: string): Promise<{ token: Sealed; seen: OneTimeLook }> {
  const given = context.req.param('token') ?? ''
  const token = new Sealed(given)
  return { token, seen: TOKEN.test(given) ? await lookAtToken(db, token, purpose) : { kind: 'unknown' } }
}

/**
 * A token that leads nowhere is counted against its caller, for all processes together; too many get a shorter answer. One that leads somewhere
 * is never refused for that: it is beyond guessing, and nobody is locked out for what a neighbour behind the same address did.
 */
export async function missed({ db, site }: { db: Db; site: Site }, context: Context): Promise<Page> {
  const forwardedFor = context.req.header('x-forwarded-for') ?? null
  const address = callerOf({ remoteAddress: getConnInfo(context).remote.address, forwardedFor, behindProxy: site.secure })
  const { count, endsInSeconds } = await countMiss(db, address, MISSES_MINUTES)
  const language = browserLanguage(context)
  if (count <= MISSES_MAX) return endPage(language, 'unknown')
  return endPage(language, 'tooMany', { count: Math.max(1, Math.ceil(endsInSeconds / 60)) })
}

export function browserLanguage(context: Context): Language {
  return languageOfBrowser(context.req.header('accept-language'))
}

/** Shows that a post comes from the page: derived from the token, and of no use without it. */
export function proofOf(token: Sealed): string {
  return createHash('sha256').update(`conch secret form\n${token.open()}`).digest('base64url')
}

export function proves(token: Sealed, proof: string): boolean {
  const [wanted, given] = [Buffer.from(proofOf(token)), Buffer.from(proof)]
  return wanted.length === given.length && timingSafeEqual(wanted, given)
}
