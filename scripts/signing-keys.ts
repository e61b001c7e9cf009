// npm run signing-keys
// Prints a new key for CONCH_SIGNING_KEYS. To change keys: put the new one second, let machines take it with their next update, then put it first,
// and remove the old one when no machine is older than that.
import { newSigningKeys } from '../src/secrets/signing.ts'

process.stdout.write(`${(await newSigningKeys()).open()}\n`)
