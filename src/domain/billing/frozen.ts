// What an invoice was made of, as one text: the inputs and what came out of them. It needs nothing else to be rated again, no catalogue and no
// facts, and rating it again gives the same bytes. Pure.
import { z } from 'zod'
import { canonicalJson, sha256 } from '../../lib/digest.ts'
import { assert } from '../../lib/errors.ts'
import { rate, type RatingInputs, type Terms } from './rating.ts'

/** The shape of the text. Whoever changes it keeps reading the old ones. */
const FORMAT = 1

export type Frozen = {
  text: string
  /** SHA-256 of the text, in hex. */
  digest: string
}

/** Throws what `rate` throws for inputs that cannot be rated. */
export function freeze(inputs: RatingInputs): Frozen {
  const terms = inputs.terms.toSorted((a, b) => a.from.getTime() - b.from.getTime()).map(({ from, plan }) => ({ from, plan: termsOf(plan) }))
  const waivers = inputs.waivers.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const { period, usage, overageMax } = inputs
  const text = canonicalJson({ format: FORMAT, inputs: { period, terms, usage, overageMax, waivers }, statement: rate(inputs) })
  return { text, digest: sha256(text) }
}

/** The inputs of a text that `freeze` made. Throws `assert.failed` for one that was changed, or that would be rated differently today. */
export function thaw({ text, digest }: Frozen): RatingInputs {
  assert(sha256(text) === digest, 'what was frozen is not what it was')
  const { inputs } = frozenSchema.parse(JSON.parse(text))
  assert(freeze(inputs).text === text, 'what was frozen would be rated differently today')
  return inputs
}

/** A plan without what rating does not look at: titles and machines may be in it, and are nobody's concern here. */
function termsOf({ version, instancesMax, volumeGb, included, overage }: Terms): Terms {
  return { version, instancesMax, volumeGb, included, overage }
}

const amount = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt)
const instant = z.iso.datetime().transform((text) => new Date(text))
const perMeter = z.object({ uptime: amount, egress: amount, storage: amount, messages: amount })
const termsSchema = z.object({
  version: z.string(),
  instancesMax: z.int(),
  volumeGb: z.int(),
  included: z.object({ egressBytes: amount, messages: amount }),
  overage: perMeter,
})
const frozenSchema = z.object({
  format: z.literal(FORMAT),
  inputs: z.object({
    period: z.object({ start: instant, end: instant }),
    terms: z.array(z.object({ from: instant, plan: termsSchema })),
    usage: perMeter,
    overageMax: amount,
    waivers: z.array(z.object({ id: z.string(), amount })),
  }),
})
