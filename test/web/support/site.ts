// The started web server over a real database, with a person, their assistant, and a place that keeps secrets and answers as it is told to.
import { Writable } from 'node:stream'
import { eq } from 'drizzle-orm'
import { onTestFinished } from 'vitest'
import type { Actor } from '../../../src/actions/action.ts'
import type { KeyLinkMade } from '../../../src/actions/set-key-link.ts'
import { oneTimeTokens } from '../../../src/db/schema.ts'
import type { Database } from '../../../src/db/connect.ts'
import type { Language } from '../../../src/domain/language.ts'
import { createLog } from '../../../src/lib/log.ts'
import type { SecretPort, Submission, Submitted } from '../../../src/web/secret-port.ts'
import { startWebServer } from '../../../src/web/server.ts'
import { createWorld, type Machines, type World } from '../../support/world.ts'

export type Vault = SecretPort & {
  /** What it was handed, opened. */
  kept: Record<string, string>[]
  submissions: Omit<Submission, 'values'>[]
  /** How the next submissions end; afterwards everything is kept. */
  next: (Submitted | Error)[]
  /** While this is set, submissions wait for it. */
  gate: Promise<void> | null
}

export function createVault(): Vault {
  const vault: Vault = {
    kept: [],
    submissions: [],
    next: [],
    gate: null,
    asked(credential, language) {
      const label = language === 'de' ? 'Schlüssel' : 'API key'
      const hint = language === 'de' ? 'Beginnt mit sk-ant-' : 'Begins with sk-ant-'
      if (credential === 'anthropic') return { title: 'Anthropic', fields: [{ name: 'ANTHROPIC_API_KEY', label: `Anthropic ${label}`, hint }] }
      if (credential !== 'slack') return null
      return {
        title: 'Slack',
        fields: [
          { name: 'SLACK_BOT_TOKEN', label: 'Bot token', hint: 'xoxb-…' },
          { name: 'SLACK_APP_TOKEN', label: 'App token', hint: 'xapp-…' },
        ],
      }
    },
    async submit({ values, ...submission }) {
      vault.submissions.push(submission)
      await vault.gate
      const answer = vault.next.shift()
      if (answer instanceof Error) throw answer
      if (answer !== undefined) return answer
      vault.kept.push(Object.fromEntries([...values].map(([name, value]) => [name, value.open()])))
      return { kind: 'done', last4: new Map([...values].map(([name, value]) => [name, value.last4])) }
    },
  }
  return vault
}

export type Site = {
  world: World
  ann: Actor
  vault: Vault
  address: string
  instanceId: string
  log(): string
  link(options?: { credential?: string; language?: Language }): Promise<{ url: string; id: string }>
  /** Posts what a browser would from the page at `url`. */
  post(url: string, values: Record<string, string>, more?: { headers?: Record<string, string>; proof?: string }): Promise<Response>
  expire(id: string): Promise<void>
  /** A second process on the same database. */
  another(): Promise<string>
}

export async function openSite(database: Database, machines: Machines, options: { publicUrl?: string } = {}): Promise<Site> {
  const world = createWorld(database, machines)
  const { db } = database
  const ann = await world.actorOf('ann')
  const deployed = await world.actions.perform('deploy', { name: 'my-claw', region: 'ams' }, ann)
  if (!deployed.ok) throw new Error(deployed.reason)
  const vault = createVault()
  let lines = ''
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines += chunk.toString()
      done()
    },
  })
  const log = createLog({ level: 'trace', destination })
  const start = async (): Promise<string> => {
    const secretForm = { db, log, port: () => vault, announced: () => undefined }
    const server = await startWebServer({ port: 0, publicUrl: options.publicUrl ?? null, ready: async () => true, secretForm })
    onTestFinished(() => server.close())
    return server.address
  }
  const address = await start()
  return {
    world,
    ann,
    vault,
    address,
    instanceId: deployed.value.instance.id,
    log: () => lines,
    async link({ credential = 'anthropic', language = 'en' } = {}) {
      const made = await world.actions.perform('set-key-link', { instance: 'my-claw', credential, language }, ann)
      if (!made.ok) throw new Error(made.reason)
      const { link, token }: KeyLinkMade = made.value
      return { url: `${address}/k/${token.open()}`, id: link }
    },
    async post(url, values, { headers = {}, proof } = {}) {
      const page = proof === undefined ? await (await fetch(url)).text() : ''
      const body = new URLSearchParams({ proof: proof ?? proofIn(page), ...values })
      return fetch(url, { method: 'POST', body, headers: { origin: 'null', 'sec-fetch-site': 'same-origin', ...headers } })
    },
    async expire(id) {
      await db
        .update(oneTimeTokens)
        .set({ expiresAt: new Date('2020-01-01T00:00:00Z') })
        .where(eq(oneTimeTokens.hash, id))
    },
    another: start,
  }
}

/** The hidden field of a form. */
export function proofIn(page: string): string {
  return /name="proof" value="([^"]+)"/.exec(page)?.[1] ?? ''
}
