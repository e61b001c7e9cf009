// Where pasted secrets go: straight to the provider's store for the instance's own app. This folder keeps names, fingerprints and last
// characters; it never writes a value to the database, a log or an error.
import { recordSecret, stageApp } from '../db/secret-names.ts'
import type { Db } from '../db/connect.ts'
import type { Sealed } from '../lib/sealed.ts'

/** The provider's part: makes the app if it is not there, and sets one secret in it. */
export type SecretPort = {
  ensureApp(instanceId: string): Promise<void>
  setSecret(instanceId: string, name: string, secret: Sealed): Promise<{ version: number }>
}

/** Longer than a wizard lives (30 minutes), so that a launch at the last moment still finds its secret. */
const STAGED_MINUTES = 45

export type SecretStore = {
  /** Hands over a secret for an instance that does not exist yet. The app that holds it is swept unless the instance is launched in time. */
  stage(input: { instanceId: string; userId: string; name: string; secret: Sealed }): Promise<{ last4: string }>
}

/** A secret store on the provider's secrets. Throws what the port throws when the provider does not answer; nothing is half done then. */
export function createSecretStore({ db, port }: { db: Db; port: SecretPort }): SecretStore {
  return {
    async stage({ instanceId, userId, name, secret }) {
      await stageApp(db, { instanceId, userId, minutes: STAGED_MINUTES })
      await port.ensureApp(instanceId)
      const { version } = await port.setSecret(instanceId, name, secret)
      const { last4, fingerprint } = secret
      await recordSecret(db, { instanceId, name, fingerprint, last4, version })
      return { last4 }
    },
  }
}
