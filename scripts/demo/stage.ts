// A stage for the journey: a platform's simulator with a person in it, and the platforms at which the person's own tokens are tried. The real
// client libraries talk to it; in the terminal it is a terminal emulator.
import { startDiscord } from '../../test/simulators/discord.ts'
import type { Person, Simulator } from '../../test/simulators/person.ts'
import { startPlatforms, type Platforms } from '../../test/simulators/platforms.ts'
import { startSlack } from '../../test/simulators/slack.ts'
import { startTelegram } from '../../test/simulators/telegram.ts'
import { startTerminal } from '../../test/simulators/terminal.ts'

export const faceNames = ['terminal', 'telegram', 'discord', 'slack'] as const
export type FaceName = (typeof faceNames)[number]

export type Stage = {
  person: Person
  simulator: Simulator
  platforms: Platforms
  /** The settings that point Conch at the stage. */
  env: Record<string, string>
  /** What Conch finds in place of a terminal; null where the chat is elsewhere. */
  tty: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream } | null
  /** Whether Conch listens: a platform tells nobody what was said before. */
  connected(): boolean
  close(): Promise<void>
}

/** Opens a stage for one face. Close it. */
export async function openStage(face: FaceName): Promise<Stage> {
  const platforms = await startPlatforms()
  const part = await openPart[face]()
  const checks = Object.entries(platforms.urls).map(([name, url]) => [`CHECK_${name.toUpperCase()}_URL`, url])
  return {
    ...part,
    platforms,
    env: { ...part.env, ...Object.fromEntries(checks) },
    async close() {
      await part.simulator.close()
      await platforms.close()
    },
  }
}

type Part = Omit<Stage, 'platforms' | 'close'>

const openPart: Readonly<Record<FaceName, () => Promise<Part>>> = {
  terminal: async () => {
    const simulator = startTerminal()
    const person = simulator.person()
    return { simulator, person, env: {}, tty: simulator, connected: () => person.transcript() !== '' }
  },
  telegram: async () => {
    const simulator = await startTelegram()
    const env = { TELEGRAM_BOT_TOKEN: simulator.token, TELEGRAM_API_URL: simulator.apiRoot }
    const connected = (): boolean => simulator.calls.some((one) => one.method === 'setMyCommands')
    return { simulator, person: simulator.person(42, 'Ann'), env, tty: null, connected }
  },
  discord: async () => {
    const simulator = await startDiscord()
    const env = { DISCORD_BOT_TOKEN: simulator.token, DISCORD_API_URL: simulator.apiUrl }
    const connected = (): boolean => simulator.gateway.connections() > 0 && simulator.calls().some((one) => one.method === 'PUT')
    return { simulator, person: simulator.person({ name: 'Ann' }), env, tty: null, connected }
  },
  slack: async () => {
    const simulator = await startSlack()
    const env = { SLACK_BOT_TOKEN: simulator.botToken, SLACK_APP_TOKEN: simulator.appToken, SLACK_API_URL: simulator.apiUrl.replace(/\/$/, '') }
    return { simulator, person: simulator.person('Ann'), env, tty: null, connected: () => simulator.sockets.count() > 0 }
  },
}
