// The tokens of the workspaces that added us: the only secrets that Conch keeps itself, because nobody else can keep them. They are encrypted
// before they reach the database (AES-256-GCM; the key is derived from the configuration and never stored), each bound to its workspace.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Installation, InstallationQuery, InstallationStore } from '@slack/bolt'
import { ConchError, messageOf } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { Sealed } from '../../lib/sealed.ts'
import { tenantOf } from './payloads.ts'

/** Where the encrypted installations are kept. */
export type InstallationRows = {
  save(tenant: string, sealed: string): Promise<void>
  find(tenant: string): Promise<string | null>
  remove(tenant: string): Promise<void>
}
export type Installations = InstallationStore & {
  find(tenant: string): Promise<Installation | null>
  remove(tenant: string): Promise<void>
}

const VERSION = 'v1'
const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/** The library's store on our rows. What cannot be decrypted counts as not installed: the workspace is asked to add us again. */
export function createInstallations({ rows, secret, log }: { rows: InstallationRows; secret: Sealed; log: Log }): Installations {
  const key = Buffer.from(hkdfSync('sha256', secret.open(), '', 'conch slack installations', KEY_BYTES))
  const find = async (tenant: string): Promise<Installation | null> => {
    const sealed = await rows.find(tenant)
    if (sealed === null) return null
    try {
      return JSON.parse(decrypted(sealed, tenant, key)) as Installation
    } catch (error) {
      log.warn({ tenant, reason: messageOf(error) }, 'an installation cannot be decrypted: was SLACK_STATE_SECRET changed?')
      return null
    }
  }
  return {
    find,
    remove: (tenant) => rows.remove(tenant),
    async storeInstallation(installation) {
      const tenant = keyOf({
        teamId: installation.team?.id,
        enterpriseId: installation.enterprise?.id,
        isEnterpriseInstall: installation.isEnterpriseInstall === true,
      })
      await rows.save(tenant, encrypted(JSON.stringify(installation), tenant, key))
    },
    async fetchInstallation(query) {
      const found = await find(keyOf(query))
      if (found === null) throw new ConchError('slack.not-installed', 'the app is not installed there')
      return found
    },
    deleteInstallation: (query) => rows.remove(keyOf(query)),
  }
}

function keyOf(query: Pick<InstallationQuery<boolean>, 'teamId' | 'enterpriseId' | 'isEnterpriseInstall'>): string {
  return tenantOf({ teamId: query.teamId, enterpriseId: query.enterpriseId, wholeOrganisation: query.isEnterpriseInstall })
}

function encrypted(text: string, tenant: string, key: Buffer): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(tenant))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return `${VERSION}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`
}

function decrypted(sealed: string, tenant: string, key: Buffer): string {
  const [version, encoded = ''] = sealed.split('.')
  if (version !== VERSION) throw new ConchError('slack.installation-version', `an installation of the unknown version ${version ?? ''}`)
  const bytes = Buffer.from(encoded, 'base64url')
  const body = bytes.subarray(IV_BYTES + TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES))
    .setAAD(Buffer.from(tenant))
    .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
  return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
}
