// Where pasted secrets go: tried at their platform, and then straight to the provider's store for the instance's own app. This folder keeps names,
// fingerprints and last characters; it never writes a value to the database, a log or an error.
import { claimSecret, dropClaims, recordSecret, stageApp } from '../db/secret-names.ts'
import type { Db } from '../db/connect.ts'
import { isExclusive, isKnownSecret } from '../domain/credentials.ts'
import type { CheckOutcome, Who } from '../domain/who.ts'
import type { Clock } from '../lib/clock.ts'
import type { Sealed } from '../lib/sealed.ts'
import { createHeldSecrets, type HeldSecrets } from './held-secrets.ts'
import type { LiveCheck } from './live-check.ts'
import { createOwnBots, type OwnBots } from './own-bots.ts'

/** The provider's part: makes the app if it is not there, and sets or removes one secret in it. */
export type SecretPort = {
  ensureApp(instanceId: string): Promise<void>
  setSecret(instanceId: string, name: string, secret: Sealed): Promise<{ version: number }>
  /** Removes one; one that is not there is removed already. */
  deleteSecret(instanceId: string, name: string): Promise<void>
}

export type Secrets = Readonly<Record<string, Sealed>>
type Handed = { version: number }

/** Longer than a wizard lives (30 minutes), so that a launch at the last moment still finds its secret. */
const STAGED_MINUTES = 45
/** Longer than handing over takes, retries included. */
const CLAIM_MINUTES = 5

export type SecretStore = {
  /** Hands over a secret for an instance that does not exist yet. The app that holds it is swept unless the instance is launched in time. */
  stage(input: { instanceId: string; userId: string; name: string; secret: Sealed; who: Who | null }): Promise<{ last4: string }>
  /** Whether it works, as its platform says; fine without anybody asked for what no platform knows. */
  check(name: string, secret: Sealed): Promise<CheckOutcome>
  /** True for a token of one of Conch's own bots. */
  isOwn(name: string, secret: Sealed): boolean
  /** Takes tokens that only one instance may have; the id of the instance that has one of them, or null. */
  claim(instanceId: string, values: Secrets): Promise<string | null>
  /** Gives claims back, when nothing was handed over. */
  unclaim(instanceId: string, values: Secrets): Promise<void>
  /** Sets secrets of an existing instance. Twice does no harm. The version of the store that holds them all. */
  hand(instanceId: string, values: Secrets): Promise<Handed>
  /** Removes a secret of an existing instance. Twice does no harm. */
  remove(instanceId: string, name: string): Promise<void>
  held: HeldSecrets
}

type StoreDeps = { db: Db; port: SecretPort; clock: Clock; own?: OwnBots; checker?: LiveCheck | null }

/** A secret store on the provider's secrets. Throws what the port throws when the provider does not answer; nothing is half done then. */
export function createSecretStore({ db, port, clock, own = createOwnBots([]), checker = null }: StoreDeps): SecretStore {
  return {
    held: createHeldSecrets({ clock }),
    isOwn: (name, secret) => own.has(name, secret),
    check: async (name, secret) => (checker === null || !isKnownSecret(name) ? { kind: 'ok', who: null } : checker.check(name, secret)),
    async stage({ instanceId, userId, name, secret, who }) {
      await stageApp(db, { instanceId, userId, minutes: STAGED_MINUTES })
      await port.ensureApp(instanceId)
      const { version } = await port.setSecret(instanceId, name, secret)
      const { last4, fingerprint } = secret
      await recordSecret(db, { instanceId, name, fingerprint, last4, version, who })
      return { last4 }
    },
    async claim(instanceId, values) {
      return db.transaction(async (tx) => {
        for (const fingerprint of exclusive(values)) {
          const holder = await claimSecret(tx, { fingerprint, instanceId, minutes: CLAIM_MINUTES })
          if (holder === null) continue
          await dropClaims(tx, instanceId, exclusive(values))
          return holder
        }
        return null
      })
    },
    unclaim: (instanceId, values) => dropClaims(db, instanceId, exclusive(values)),
    // Never makes the app: the instance may be on its way out, and what is made anew nobody would remove.
    async hand(instanceId, values) {
      let version = 0
      for (const [name, secret] of Object.entries(values)) version = Math.max(version, (await port.setSecret(instanceId, name, secret)).version)
      return { version }
    },
    remove: (instanceId, name) => port.deleteSecret(instanceId, name),
  }
}

/** In one order, so that two claims of the same two tokens never wait for each other. */
function exclusive(values: Secrets): string[] {
  return Object.entries(values)
    .flatMap(([name, secret]) => (isExclusive(name) ? [secret.fingerprint] : []))
    .toSorted()
}
