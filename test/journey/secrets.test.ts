// Twelve secrets, each planted through another path, on every platform: afterwards they stand in the provider's store, if they were taken, and
// nowhere else.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { faceNames, type Stage } from '../../scripts/demo/stage.ts'
import { randomId } from '../../src/lib/random.ts'
import { perform } from '../support/stage.ts'
import { secretLike } from '../support/secrets.ts'

const STEP_MS = 30_000
const PASTE = { button: 'Paste it' }

function secrets() {
  return {
    outOfTheBlue: secretLike.anthropic('aa11'),
    asArgument: secretLike.openai('bb22'),
    asName: secretLike.openrouter('cc33'),
    cutOff: `sk-ant-api03-${randomId(14)}`,
    unknown: secretLike.anthropic('dd44'),
    brain: secretLike.anthropic('ee55'),
    revokedBot: secretLike.telegram('ff66', 111_222_333),
    bot: secretLike.telegram('gg77', 123_456_789),
    otherBot: secretLike.telegram('hh88', 987_654_321),
    slackBot: secretLike.slackBot('ii99'),
    slackApp: secretLike.slackApp('jj00'),
    variable: `sunny-${randomId(24)}-kk12`,
  }
}
type Secrets = ReturnType<typeof secrets>
const taken = ['brain', 'otherBot', 'slackBot', 'slackApp', 'variable'] as const

async function plant({ person, platforms, connected }: Stage, it: Secrets): Promise<void> {
  const sees = (pattern: RegExp | string): Promise<string> => person.sees(pattern, { withinMs: STEP_MS })
  platforms.modelKey('anthropic', it.brain)
  platforms.telegram(it.bot, { id: 123_456_789, username: 'my_claw_bot' })
  platforms.telegram(it.otherBot, { id: 987_654_321, username: 'my_other_bot' })
  platforms.slackBot(it.slackBot, { user: 'my-claw', userId: 'U1', team: 'Team', teamId: 'T1' })
  platforms.slackApp(it.slackApp)
  while (!connected()) await wait(20)
  await person.says('/start')
  await sees('Hi! I set up')
  await person.says(it.outOfTheBlue)
  await sees('looks like a secret key, and I had not asked')
  await person.says(`/status ${it.asArgument}`)
  await sees(/looks like a secret key, and I had not asked[^]*looks like a secret key, and I had not asked/)
  await person.says('/deploy')
  await sees('What shall it be called?')
  await person.submits({ 'Your answer': it.asName }, { button: 'Type it' })
  await sees('I kept nothing of it; I ask for it in a moment')
  await person.clicks('my-claw')
  await sees('Where shall')
  await person.clicks('Amsterdam')
  await sees('Whose model shall')
  await person.clicks('Anthropic (Claude)')
  await sees('Paste your Anthropic key')
  await person.submits({ 'Key or token': it.cutOff }, PASTE)
  await sees(/and then stops|at least/)
  await person.submits({ 'Key or token': it.unknown }, PASTE)
  await sees(/Anthropic does not know|Anthropic says/)
  await person.submits({ 'Key or token': it.brain }, PASTE)
  await sees('…ee55')
  await person.clicks('Launch')
  await sees(/my-claw.* is .*live.* in Amsterdam/)
  await person.says('/set-key telegram')
  await sees('BotFather')
  await person.submits({ 'Telegram bot token': it.revokedBot }, PASTE)
  await sees(/Telegram does not know|Telegram says/)
  await person.submits({ 'Telegram bot token': it.bot }, PASTE)
  await sees('…gg77')
  await sees('say hello to @my_claw_bot')
  await person.says('/set-key telegram')
  await sees('BotFather')
  await person.submits({ 'Telegram bot token': it.otherBot }, PASTE)
  await sees('…hh88')
  await sees('say hello to @my_other_bot')
  await person.says('/set-key slack')
  await sees('Give me both here')
  await person.submits({ 'Slack bot token': it.slackBot, 'Slack app token': it.slackApp }, PASTE)
  await sees('…jj00')
  await person.says('/set-key variable')
  await sees('What is the variable called?')
  await person.submits({ Name: 'WEATHER_KEY', Value: it.variable }, { button: 'Fill it in' })
  await sees('…kk12')
}

/** Which of these texts stand in the files of a folder. Bytes are searched: a database as a string would be a hundred megabytes. */
function foundIn(folder: string, texts: readonly string[], isMeant: (path: string) => boolean = () => true): ReadonlySet<string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const found = new Set<string>()
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).filter(isMeant)) {
    const bytes = readFileSync(path)
    for (const text of texts) if (!found.has(text) && bytes.includes(text, 0, 'latin1')) found.add(text)
  }
  return found
}

/** A middle part, which no last four characters give away and no line break cuts. */
function trace(secret: string): string {
  return secret.slice(-18, -5)
}

describe.concurrent.each(faceNames)('on %s', (face) => {
  it('twelve secrets are found in the store alone, and only those that were taken', { timeout: 150_000 }, async ({ expect, onTestFinished }) => {
    const { stage, home, running, logged, stop } = await perform(face, onTestFinished)
    const planted = secrets()
    expect(Object.keys(planted)).toHaveLength(12)
    await Promise.race([plant(stage, planted), running])
    const calls = 'calls' in stage.simulator ? stage.simulator.calls : []
    const outgoing = JSON.stringify(typeof calls === 'function' ? calls() : calls)
    await stop()
    const traces = Object.values(planted).map(trace)
    const store = join(home, 'machines')
    // Everything that is kept on disk but the provider's own folder.
    const disk = foundIn(home, [...traces, 'WEATHER_KEY'], (path) => !path.startsWith(store))
    const stored = foundIn(store, traces)
    // The search itself works: what is meant to be kept is found by it.
    expect(disk).toContain('WEATHER_KEY')
    for (const [name, secret] of Object.entries(planted)) {
      const part = trace(secret)
      const where = { disk: disk.has(part), log: logged().includes(part), outgoing: outgoing.includes(part) }
      const found = Object.entries(where).flatMap(([place, isThere]) => (isThere ? [place] : []))
      // A terminal echoes what is typed where no secret was asked; that is the screen, and no file.
      expect({ name, found: found.filter((place) => !(face === 'terminal' && place === 'log')) }).toEqual({ name, found: [] })
      expect({ name, stored: stored.has(part) }).toEqual({ name, stored: taken.some((one) => one === name) })
    }
  })
})
