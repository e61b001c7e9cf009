// 200 people at once press a button in Telegram, Discord and Slack: when each press is acknowledged, and when it is answered, by the whole program on
// a real Postgres, against a bare bot on the same client library that says back what was pressed. The platforms are simulated, each in a process of
// its own; so is the bare bot. Then everybody is owed more messages than the platforms take, and what the notifier delivers is counted against that.
import { newSigningKeys } from '../src/secrets/signing.ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { BUTTON, platforms, type Platform } from './support/chat-crowds.ts'
import { closingLine, figure, median, quantile, say, table } from './support/figures.ts'
import { startScript, type Program } from './support/program.ts'
import { startScratchPostgres, type Scratch } from './support/scratch-postgres.ts'

const SIGNING_KEYS = (await newSigningKeys()).open()
const PEOPLE = 200
/** Telegram's limit on messages makes a round seven seconds long, and the one that the bare bot's library keeps at Discord four. */
const ROUNDS: Readonly<Record<Platform, number>> = { telegram: 3, discord: 6, slack: 7 }
/** Messages a second that a platform takes from one bot, which writes to each of 200 chats at most once a second. */
const LIMITS: Readonly<Record<Platform, number>> = { telegram: 30, discord: 50, slack: PEOPLE }
const COUNTED = { afterMs: 3_000, forMs: 10_000 }
const OWED_EACH = 15

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const contenders = ['conch', 'bare'] as const
type Contender = (typeof contenders)[number]

const bot = z.record(z.string(), z.string())
const openedSchema = z.object({ conch: z.object({ bot, people: z.array(z.string()) }), bare: z.object({ bot }) })
const roundSchema = z.object({ ackMs: z.array(z.number()), replyMs: z.array(z.number()), cpuMs: z.number() })
type Opened = z.infer<typeof openedSchema>
type Round = z.infer<typeof roundSchema>
type Stage = { program: Program; opened: Opened }
type Stages = Readonly<Record<Platform, Stage>>

async function openStage(platform: Platform): Promise<Stage> {
  const program = startScript('chat-platform.ts', [platform, String(PEOPLE)])
  return { program, opened: openedSchema.parse(await program.line()) }
}

/** Everybody has one assistant that has long been live, and nothing is due for it while the bench lasts. */
async function fillPeople({ db }: Scratch, platform: Platform, people: readonly string[]): Promise<void> {
  const person = sql`jsonb_array_elements_text(${JSON.stringify(people)}::jsonb) with ordinality as p (subject, n)`
  const id = sql`${platform}::text || n`
  const operation = sql`'op' || ${id}`
  await db.execute(sql`insert into users (id) select ${id} from ${person}`)
  await db.execute(sql`insert into identities (provider, subject, user_id, chat) select ${platform}, subject, ${id}, subject from ${person}`)
  await db.execute(sql`insert into chats (provider, address) select ${platform}, subject from ${person}`)
  await db.execute(sql`
    insert into instances (id, user_id, name, slot, plan, region, image, healthy, ever_started, live_at, volume_id, machine_id, machine_state, due_at)
    select ${id} || 'instance', ${id}, ${BUTTON}, 1, 'starter', 'fra', 'gateway:stub', true, true, now(), 'vol_' || ${id}, 'm' || ${id}, 'started', now() + interval '1 day'
    from ${person}`)
  await db.execute(sql`
    insert into health (instance_id, url, due_at, checked_at, ok_at, latency_ms)
    select ${id} || 'instance', 'http://localhost/', now() + interval '1 day', now(), now(), 3 from ${person}`)
  await db.execute(sql`
    insert into instance_events (instance_id, operation_id, kind, detail, once)
    select ${id} || 'instance', ${operation}, e.kind, e.detail::jsonb, ${operation} || e.kind
    from ${person}, (values (1, 'requested', '{"kind":"deploy"}'), (2, 'milestone', '{"name":"machine"}'), (3, 'done', '{}')) e (step, kind, detail) order by n, e.step`)
}

/** More news than the platforms take while it is counted. */
async function oweEverybody({ db }: Scratch): Promise<void> {
  await db.execute(sql`
    insert into outbox (chat_id, user_id, key, template, payload)
    select c.id, i.user_id, 'done:op' || i.user_id || ':' || k, 'outcome', jsonb_build_object('instanceId', i.id, 'operationId', 'op' || i.user_id)
    from generate_series(1, ${OWED_EACH}::int) k, instances i
    join identities p on p.user_id = i.user_id join chats c on c.provider = p.provider and c.address = p.subject
    order by k, c.id`)
}

/** The whole program with all three faces; what it has to say goes to our error output. Flags of ours (`--cpu-prof`) are its own as well. */
function startConch(databaseUrl: string, home: string, stages: Stages): ChildProcess {
  const { telegram, discord, slack } = {
    telegram: stages.telegram.opened.conch.bot,
    discord: stages.discord.opened.conch.bot,
    slack: stages.slack.opened.conch.bot,
  }
  const env: Record<string, string | undefined> = {
    CONCH_HOME: home,
    DATABASE_URL: databaseUrl,
    CONCH_SIGNING_KEYS: SIGNING_KEYS,
    PORT: '0',
    GATEWAY_IMAGE: 'gateway:stub',
    LOG_LEVEL: 'warn',
    TELEGRAM_BOT_TOKEN: telegram['token'],
    TELEGRAM_API_URL: telegram['apiUrl'],
    DISCORD_BOT_TOKEN: discord['token'],
    DISCORD_API_URL: discord['apiUrl'],
    SLACK_BOT_TOKEN: slack['botToken'],
    SLACK_APP_TOKEN: slack['appToken'],
    SLACK_API_URL: slack['apiUrl'],
  }
  return spawn(process.execPath, [...process.execArgv, MAIN], { stdio: ['ignore', process.stderr, 'inherit'], env })
}

async function stopConch(conch: ChildProcess): Promise<void> {
  if (conch.exitCode !== null) return
  const gone = once(conch, 'exit')
  conch.kill('SIGTERM')
  const hard = setTimeout(() => conch.kill('SIGKILL'), 20_000)
  await gone
  clearTimeout(hard)
}

type Rounds = Readonly<Record<Contender, Round[]>>

async function press({ program }: Stage, rounds: number): Promise<Rounds> {
  const seen: Rounds = { conch: [], bare: [] }
  await program.ask({ kind: 'begin' })
  // The first one warms both up, and does not count.
  for (let n = 0; n <= rounds; n += 1) {
    for (const of of n % 2 === 0 ? contenders : contenders.toReversed()) {
      const round = roundSchema.parse(await program.ask({ kind: 'round', of }))
      if (n > 0) seen[of].push(round)
    }
  }
  return seen
}

/** A quantile of each round, and of those the middle one: a round that something else disturbed does not count. */
const typical = (rounds: readonly Round[], of: 'ackMs' | 'replyMs', share: number): number => median(rounds.map((one) => quantile(one[of], share)))
const ratio = ({ conch, bare }: Rounds, of: 'ackMs' | 'replyMs', share: number): number => typical(conch, of, share) / typical(bare, of, share)

function report(seen: Readonly<Record<Platform, Rounds>>, delivered: Readonly<Record<Platform, number>>): void {
  const ms = (value: number): string => `${figure(value)} ms`
  const row = (platform: Platform, of: Contender): string[] => {
    const rounds = seen[platform][of]
    const times = (['ackMs', 'replyMs'] as const).flatMap((what) => [0.5, 0.99].map((share) => ms(typical(rounds, what, share))))
    return [`${platform}, ${of === 'conch' ? 'Conch' : 'bare bot'}`, ...times, ms(median(rounds.map((one) => one.cpuMs)) / PEOPLE)]
  }
  say(
    `${PEOPLE} people press at once, medians of ${Object.values(ROUNDS).join(', ')} rounds in turn; Node ${process.version}, ${availableParallelism()} cores, Postgres without fsync`,
  )
  say(
    table([
      ['', 'acknowledged p50', 'p99', 'answered p50', 'p99', 'platform CPU each'],
      ...platforms.flatMap((platform) => [row(platform, 'conch'), row(platform, 'bare')]),
    ]),
  )
  say(
    table([
      ['news to everybody, all three at once', 'messages/s', 'limit'],
      ...platforms.map((platform) => [platform, figure(delivered[platform]), figure(LIMITS[platform])]),
    ]),
  )
  const figures = (what: 'ackMs' | 'replyMs', title: string): Record<string, number> =>
    Object.fromEntries(platforms.map((platform) => [`${platform}_${title}_p99`, ratio(seen[platform], what, 0.99)]))
  const shares = platforms.map((platform) => delivered[platform] / LIMITS[platform])
  say(closingLine('chat', { ...figures('ackMs', 'ack'), ...figures('replyMs', 'reply'), notifier_vs_limit: Math.min(...shares) }))
}

async function complaints(stages: Stages): Promise<void> {
  for (const platform of platforms) {
    for (const of of contenders) {
      const { violations } = z.object({ violations: z.array(z.string()) }).parse(await stages[platform].program.ask({ kind: 'violations', of }))
      for (const text of new Set(violations))
        say(`${platform} would not have stood from ${of}: ${text} (${violations.filter((one) => one === text).length} times)`)
    }
  }
}

async function each<T>(work: (platform: Platform) => Promise<T>): Promise<Record<Platform, T>> {
  const [telegram, discord, slack] = await Promise.all([work('telegram'), work('discord'), work('slack')])
  return { telegram, discord, slack }
}

async function main(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const home = mkdtempSync(join(tmpdir(), 'conch-bench-chat-'))
  stack.defer(() => rmSync(home, { recursive: true, force: true }))
  const postgres = await startScratchPostgres()
  stack.defer(() => postgres.stop())
  const scratch = await postgres.open()
  stack.defer(() => scratch.close())
  const stages = await each(async (platform) => {
    const stage = await openStage(platform)
    stack.defer(() => stage.program.stop())
    await fillPeople(scratch, platform, stage.opened.conch.people)
    const bare = startScript('chat-bare.ts', [platform, JSON.stringify(stage.opened.bare.bot)])
    stack.defer(() => bare.stop())
    return stage
  })
  await scratch.db.execute(sql`analyze`)
  const conch = startConch(scratch.url, home, stages)
  stack.defer(() => stopConch(conch))
  const telegram = await press(stages.telegram, ROUNDS.telegram)
  const discord = await press(stages.discord, ROUNDS.discord)
  const slack = await press(stages.slack, ROUNDS.slack)
  await oweEverybody(scratch)
  const delivered = await each(async (platform) => {
    const counted = await stages[platform].program.ask({ kind: 'count', of: 'conch', ...COUNTED })
    return z.object({ perSecond: z.number() }).parse(counted).perSecond
  })
  await complaints(stages)
  report({ telegram, discord, slack }, delivered)
}

await main()
