// One simulated platform in a process of its own, twice: for Conch and for the bare bot, with as many people at each. It says what the bots need in
// order to connect; then each line of JSON on stdin ({ kind, of }) is carried out and answered by one line.
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { openCrowd, platforms, type Crowd, type Moments } from './chat-crowds.ts'

const contender = z.enum(['conch', 'bare'])
const order = z.discriminatedUnion('kind', [
  /** Waits for the bots, lets everybody ask for the list, and waits until they have it. */
  z.object({ kind: z.literal('begin') }),
  /** Everybody presses at once. */
  z.object({ kind: z.literal('round'), of: contender }),
  /** Counts what is sent in a window that opens after a while. */
  z.object({ kind: z.literal('count'), of: contender, afterMs: z.number(), forMs: z.number() }),
  z.object({ kind: z.literal('violations'), of: contender }),
])

const LOOK_MS = 20
const PATIENCE_MS = 120_000

const [name, size] = z.tuple([z.enum(platforms), z.coerce.number()]).parse(process.argv.slice(2))
const crowds: Readonly<Record<z.infer<typeof contender>, Crowd>> = { conch: await openCrowd(name, size), bare: await openCrowd(name, size) }

async function until(what: string, done: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`${name}: ${what} did not happen within ${PATIENCE_MS} ms`)
    await wait(LOOK_MS)
  }
}

async function begin(crowd: Crowd): Promise<void> {
  await until('a bot', () => crowd.connected())
  await crowd.ask()
  await until('the list', () => crowd.messages() >= size)
}

async function round(crowd: Crowd): Promise<object> {
  const cpuBefore = process.cpuUsage()
  const before = crowd.messages()
  const look = crowd.press()
  await until('an answer to everybody', () => crowd.messages() - before >= size)
  let moments = look()
  await until('an acknowledgement of every press', () => complete((moments = look())))
  const { pressed, acknowledged, answered } = moments
  const { user, system } = process.cpuUsage(cpuBefore)
  const since = (moments: readonly number[]): number[] => moments.map((at, person) => at - (pressed[person] ?? Number.NaN))
  return { ackMs: since(acknowledged), replyMs: since(answered), cpuMs: (user + system) / 1_000 }
}

function complete({ acknowledged, answered }: Moments): boolean {
  return ![...acknowledged, ...answered].some(Number.isNaN)
}

async function count(crowd: Crowd, { afterMs, forMs }: { afterMs: number; forMs: number }): Promise<object> {
  await wait(afterMs)
  const from = performance.now()
  const before = crowd.messages()
  await wait(forMs)
  return { perSecond: ((crowd.messages() - before) / (performance.now() - from)) * 1_000 }
}

function carryOut(asked: z.infer<typeof order>): Promise<object> {
  switch (asked.kind) {
    case 'begin':
      return Promise.all(Object.values(crowds).map(begin))
    case 'round':
      return round(crowds[asked.of])
    case 'count':
      return count(crowds[asked.of], asked)
    case 'violations':
      return Promise.resolve({ violations: crowds[asked.of].violations() })
  }
}

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
process.once('SIGTERM', () => process.exit())
say({ conch: { bot: crowds.conch.bot, people: crowds.conch.people }, bare: { bot: crowds.bare.bot } })
for await (const line of createInterface({ input: process.stdin })) say(await carryOut(order.parse(JSON.parse(line))))
process.exit()
