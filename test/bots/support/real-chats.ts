// Telegram, Discord and Slack as the real client libraries meet them, each with a person at it: for suites that are the same on every platform.
import type { Face, Inbound } from '../../../src/bots/core/face.ts'
import { createDiscordFace } from '../../../src/bots/discord/discord.ts'
import { createSlackFace } from '../../../src/bots/slack/slack.ts'
import { createTelegramFace } from '../../../src/bots/telegram/telegram.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Log } from '../../../src/lib/log.ts'
import { systemRandom } from '../../../src/lib/random.ts'
import { Sealed } from '../../../src/lib/sealed.ts'
import { startDiscord } from '../../simulators/discord.ts'
import type { Person } from '../../simulators/person.ts'
import { startSlack } from '../../simulators/slack.ts'
import { startTelegram } from '../../simulators/telegram.ts'
import { keyboardsInMemory } from './keyboards.ts'
import { eventually } from './memory-chat.ts'

type RunningFace = Face & { run(handle: (inbound: Inbound, face: Face) => Promise<void>, signal: AbortSignal): Promise<unknown> }
export type Chat = {
  face: (log: Log) => RunningFace
  ready: () => Promise<boolean>
  person: () => Person
  /** What is in the files that the person got. */
  received: () => string[]
  /** Everything that we sent to the platform. */
  sent: () => string
  violations: () => readonly string[]
  close: () => Promise<void>
}
export const parts = { clock: systemClock, random: systemRandom }

/** By the platform's name. */
export const chats: Readonly<Record<string, () => Promise<Chat>>> = {
  async telegram() {
    const sim = await startTelegram()
    return {
      face: (log) =>
        createTelegramFace({ ...parts, token: new Sealed(sim.token), apiRoot: sim.apiRoot, publicUrl: null, keyboards: keyboardsInMemory(), log }),
      ready: async () => true,
      person: () => sim.person(42, 'Ann'),
      received: () => sim.messages.flatMap((one) => (one.from === null && one.file !== null ? [one.file] : [])),
      sent: () => JSON.stringify(sim.calls),
      violations: () => sim.violations(),
      close: () => sim.close(),
    }
  },
  async discord() {
    const sim = await startDiscord()
    return {
      face: (log) => createDiscordFace({ ...parts, token: new Sealed(sim.token), apiUrl: sim.apiUrl, names: async () => [], log }),
      ready: () => eventually(() => sim.calls().some((call) => call.path.endsWith('/commands'))),
      person: () => sim.person({ name: 'Ann' }),
      received: () => sim.messages().flatMap((one) => (one.author === 'person' ? [] : one.files)),
      sent: () => JSON.stringify(sim.calls()),
      violations: () => sim.violations(),
      close: () => sim.close(),
    }
  },
  async slack() {
    const sim = await startSlack()
    const connection = { kind: 'socket', appToken: new Sealed(sim.appToken), botToken: new Sealed(sim.botToken) } as const
    return {
      face: (log) => createSlackFace({ ...parts, connection, apiUrl: sim.apiUrl, log }),
      ready: () => eventually(() => sim.sockets.count() === 1),
      person: () => sim.person('ann'),
      received: () => sim.state.shared.map((one) => one.content),
      sent: () => JSON.stringify(sim.calls),
      violations: () => sim.violations(),
      close: () => sim.close(),
    }
  },
}
