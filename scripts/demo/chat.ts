// The demo's journey in a chat platform: the real client library talks to a simulator of the platform, and a person of it taps and types.
import { setTimeout as wait } from 'node:timers/promises'
import { startDiscord } from '../../test/simulators/discord.ts'
import type { Person, Simulator } from '../../test/simulators/person.ts'
import { startSlack } from '../../test/simulators/slack.ts'
import { startTelegram } from '../../test/simulators/telegram.ts'

export type ChatFace = 'telegram' | 'discord' | 'slack'
export type ChatStage = {
  /** The settings that point Conch at the simulator. */
  env: Record<string, string>
  person: Person
  /** Answers a question that is not a tap: by a message, or by the form behind a button. `kept` says that it is a secret. */
  answer(value: string, kept?: 'secret'): Promise<void>
  simulator: Simulator
  /** Whether Conch has connected: a platform tells nobody what was said before. */
  connected(): boolean
}

/** A key of the right shape that opens nothing. */
export const KEY = 'sk-ant-api03-demonstration-key-that-opens-nothing-x4Qe'
const INSTALL_MS = 10 * 60_000

/** Opens a simulator and a person on it. */
export async function openStage(face: ChatFace): Promise<ChatStage> {
  switch (face) {
    case 'telegram': {
      const simulator = await startTelegram()
      const person = simulator.person(42, 'Ann')
      return {
        simulator,
        person,
        env: { TELEGRAM_BOT_TOKEN: simulator.token, TELEGRAM_API_URL: simulator.apiRoot },
        answer: (value) => person.says(value),
        connected: () => simulator.calls.some((one) => one.method === 'setMyCommands'),
      }
    }
    case 'discord': {
      const simulator = await startDiscord()
      const person = simulator.person({ name: 'Ann' })
      const answer = byForm(person)
      return {
        simulator,
        person,
        env: { DISCORD_BOT_TOKEN: simulator.token, DISCORD_API_URL: simulator.apiUrl },
        answer,
        connected: () => simulator.gateway.connections() > 0 && simulator.calls().some((one) => one.method === 'PUT'),
      }
    }
    case 'slack': {
      const simulator = await startSlack()
      const person = simulator.person('Ann')
      const answer = byForm(person)
      const env = { SLACK_BOT_TOKEN: simulator.botToken, SLACK_APP_TOKEN: simulator.appToken, SLACK_API_URL: simulator.apiUrl.replace(/\/$/, '') }
      return { simulator, person, env, answer, connected: () => simulator.sockets.count() > 0 }
    }
  }
}

function byForm(person: Person): ChatStage['answer'] {
  return async (value, kept) => {
    await person.clicks(kept === undefined ? 'Type it' : 'Paste it')
    await person.submits({ [kept === undefined ? 'Your answer' : 'Key or token']: value })
  }
}

/** First contact, deployment with a pasted key, status, restart and destruction. Throws with the transcript at the first thing that does not come. */
export async function playJourney({ person, answer, connected }: ChatStage): Promise<void> {
  while (!connected()) await wait(50)
  await person.says('/start')
  await person.sees('Hi! I set up')
  await person.clicks('Set one up')
  await person.sees('What shall it be called?')
  await person.clicks('my-claw')
  await person.sees('Where shall')
  await person.clicks('Amsterdam')
  await person.sees('Whose model shall')
  await person.clicks('Anthropic (Claude)')
  await person.sees('Paste your Anthropic key')
  await answer(KEY, 'secret')
  await person.sees('…x4Qe')
  await person.clicks('Launch')
  await person.sees(/is .*live.* in Amsterdam/, { withinMs: INSTALL_MS })
  await person.says('/status')
  await person.sees('Health:')
  await person.says('/restart')
  await person.sees(/is back/, { withinMs: INSTALL_MS })
  await person.says('/destroy')
  await person.sees(/to confirm/)
  await answer('my-claw')
  await person.sees(/is gone/, { withinMs: INSTALL_MS })
}
