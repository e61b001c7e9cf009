// The journey: from the first word to the last, the same on every face. What cannot be done by a person, the stage's world does: a gateway that
// stops answering.
import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { secretLike } from '../../test/support/secrets.ts'
import type { Stage } from './stage.ts'
import type { Visit } from './visit.ts'

const JOB_MS = 10 * 60_000
const pidSchema = z.object({ pid: z.number() })

/** First contact, deployment with a pasted key, its control page, a chat of its own by a pasted token, trouble and its alert, destruction. Throws with the transcript at the first thing that does not come. */
export async function playJourney({ person, platforms, connected }: Stage, trouble: () => Promise<void>, visit: Visit): Promise<string> {
  const key = secretLike.anthropic('x4Qe')
  const token = secretLike.telegram('b0Tt')
  platforms.modelKey('anthropic', key)
  platforms.telegram(token, { id: 123_456_789, username: 'my_claw_bot' })
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
  await person.submits({ 'Key or token': key }, { button: 'Paste it' })
  await person.sees('…x4Qe')
  await person.clicks('Launch')
  await person.sees(/is .*live.* in Amsterdam/, { withinMs: JOB_MS })
  await person.says('/open')
  await person.sees('This link opens my-claw')
  const seen = await visit(await person.sees(LINK))
  await person.says('/keys')
  await person.sees('What my-claw holds')
  await person.clicks('Add')
  await person.sees('What shall my-claw get?')
  await person.clicks('Telegram')
  await person.sees('BotFather')
  await person.submits({ 'Telegram bot token': token }, { button: 'Paste it' })
  await person.sees('…b0Tt')
  await person.sees(/say hello to @my_claw_bot/i, { withinMs: JOB_MS })
  await person.says('/status')
  await person.sees('Health:')
  await trouble()
  await person.sees(/🔴 my-claw|🟡 my-claw/, { withinMs: JOB_MS })
  await person.clicks('Restart')
  await person.sees(/my-claw is back, after/, { withinMs: JOB_MS })
  await person.says('/destroy')
  await person.sees(/to confirm/)
  await person.submits({ 'Your answer': 'my-claw' }, { button: 'Type it' })
  await person.sees(/is gone/, { withinMs: JOB_MS })
  return seen
}

/** A link to a control page, whole: it ends with a signature of 64 bytes. */
const LINK = /https?:\/\/\S+\/\.conch\/open#[\w-]+\.[\w-]+\.[\w-]{86}/

/** Sends a signal to the gateways that run under a home folder: the trouble that no person can make from the chat. */
export async function signalGateways(home: string, signal: NodeJS.Signals): Promise<void> {
  for await (const file of glob('machines/**/pid.json', { cwd: home })) {
    process.kill(pidSchema.parse(JSON.parse(readFileSync(join(home, file), 'utf8'))).pid, signal)
  }
}
