// The Discord face on the real client library, at a simulated Discord.
import { PassThrough } from 'node:stream'
import { expect, onTestFinished } from 'vitest'
import type { Face, Inbound } from '../../../src/bots/core/face.ts'
import { createDiscordFace, type DiscordFace } from '../../../src/bots/discord/discord.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createLog } from '../../../src/lib/log.ts'
import { systemRandom } from '../../../src/lib/random.ts'
import { Sealed } from '../../../src/lib/sealed.ts'
import { eventually } from '../../bots/support/memory-chat.ts'
import { startDiscord, type DiscordSimulator } from '../discord.ts'

export type Scene = { sim: DiscordSimulator; face: DiscordFace; logged: () => string; stop: () => Promise<void> }

/** The real client library at a simulated Discord; what comes in goes to `handle`. */
export async function begin(
  handle: (inbound: Inbound, face: Face) => Promise<void>,
  options: { token?: string; rateLimits?: boolean; tokenLifeMs?: number; names?: readonly string[]; connect?: boolean } = {},
): Promise<Scene> {
  const sim = await startDiscord(options)
  const output = new PassThrough()
  let logged = ''
  output.on('data', (chunk: Buffer) => (logged += chunk.toString()))
  const face = createDiscordFace({
    token: new Sealed(options.token ?? sim.token),
    apiUrl: sim.apiUrl,
    log: createLog({ level: 'trace', destination: output }),
    clock: systemClock,
    random: systemRandom,
    names: async () => options.names ?? [],
  })
  const over = new AbortController()
  const running = options.connect === false ? Promise.resolve() : face.run(handle, over.signal)
  const stop = async (): Promise<void> => {
    over.abort()
    await running
    await sim.close()
  }
  onTestFinished(stop)
  const ready = options.connect === false || (await eventually(() => sim.calls().some((call) => call.path.endsWith('/commands'))))
  expect(ready).toBe(true)
  return { sim, face, logged: () => logged, stop }
}

export const text = (words: string, more: object = {}) =>
  ({ tone: 'plain', blocks: [{ kind: 'text', text: [words] }], actions: [], ...more }) as const
export const press = (label: string, id: string) => ({ kind: 'press', label, id, style: 'plain' }) as const
export const asked = { idempotencyKey: 'k', unasked: false }
export const says =
  (words: string, more: object = {}) =>
  async (inbound: Inbound, face: Face): Promise<void> =>
    void (await face.send(inbound.chat, text(words, more), { ...asked, idempotencyKey: inbound.id }))
