// What CONCH_SIGNING_KEYS may be. Apart from what uses it: the configuration is read before anything else is loaded.
import { z } from 'zod'

const keySchema = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string(), kid: z.string().optional() })
const keysSchema = z.object({ keys: z.array(keySchema).min(1) })

/** The private keys in a text; null when it is no JSON Web Key Set of them. */
export function signingKeysIn(text: string): z.infer<typeof keySchema>[] | null {
  try {
    return keysSchema.parse(JSON.parse(text)).keys
  } catch {
    return null
  }
}
