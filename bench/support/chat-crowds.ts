// A crowd at each simulated platform: everybody has a message with one button before them, and presses it at the same moment. When they pressed,
// were acknowledged and were answered is read off the platform's own record of calls.
import { startDiscord, type DiscordSimulator } from '../../test/simulators/discord.ts'
import { allOf } from '../../test/simulators/discord/rules.ts'
import { startSlack } from '../../test/simulators/slack.ts'
import { startTelegram } from '../../test/simulators/telegram.ts'

export const platforms = ['telegram', 'discord', 'slack'] as const
export type Platform = (typeof platforms)[number]

/** The button that everybody presses: in the list of their assistants it asks for the one of this name. */
export const BUTTON = 'my-claw'
export const LIST = '/instances'

/** Milliseconds of a monotonic clock, person by person; NaN for what has not happened. */
export type Moments = { pressed: number[]; acknowledged: number[]; answered: number[] }
export type Crowd = {
  /** What a bot needs in order to connect. */
  bot: Record<string, string>
  /** Everybody's id, which is the address of their private chat as well. */
  people: readonly string[]
  /** A bot is there and hears. */
  connected(): boolean
  /** Everybody asks for the list. */
  ask(): Promise<unknown>
  /** Everybody presses the button of their list; what became of it is asked again and again. */
  press(): () => Moments
  /** How many messages of the bot's there are. */
  messages(): number
  /** What the platform would not have stood. */
  violations(): readonly string[]
}

/** Opens a platform of its own for `size` people. It enforces limits and deadlines, and holds no call against the published description: that would cost its own time. */
export async function openCrowd(platform: Platform, size: number): Promise<Crowd> {
  switch (platform) {
    case 'telegram':
      return telegramCrowd(size)
    case 'discord':
      return discordCrowd(size)
    case 'slack':
      return slackCrowd(size)
  }
}

const unknown = (size: number): number[] => Array.from({ length: size }, () => Number.NaN)

/** Only the first moment counts. */
function note(moments: number[], person: number | undefined, at: number): void {
  if (person !== undefined && Number.isNaN(moments[person])) moments[person] = at
}

function numbersUpTo(size: number): number[] {
  return Array.from({ length: size }, (_, index) => index)
}

async function telegramCrowd(size: number): Promise<Crowd> {
  const sim = await startTelegram({ checked: false })
  const people = numbersUpTo(size).map((n) => sim.person(1_001 + n, `P${n + 1}`))
  const personOf = new Map(people.map(({ id }, index) => [id, index]))
  return {
    bot: { apiUrl: sim.apiRoot, token: sim.token },
    people: people.map(({ id }) => String(id)),
    connected: () => sim.updates.polls() > 0,
    ask: () => Promise.all(people.map((one) => one.says(LIST))),
    press() {
      const keys = people.map((one) => one.keyOf(BUTTON))
      const from = sim.calls.length
      const pressed = people.map((one, index) => {
        const at = performance.now()
        one.pressesData(keys[index]?.data ?? '', keys[index]?.messageId ?? 0)
        return at
      })
      return () => {
        const moments = { pressed, acknowledged: unknown(size), answered: unknown(size) }
        for (const { method, body, at, failed } of sim.calls.slice(from)) {
          if (failed !== null) continue
          const call = JSON.parse(body) as { callback_query_id?: string; chat_id?: number }
          if (method === 'answerCallbackQuery') note(moments.acknowledged, personOf.get(Number(call.callback_query_id?.split('-')[0])), at)
          else note(moments.answered, personOf.get(Number(call.chat_id)), at)
        }
        return moments
      }
    },
    messages: () => sim.messages.filter((one) => one.from === null).length,
    violations: () => sim.violations(),
  }
}

async function discordCrowd(size: number): Promise<Crowd> {
  const sim = await startDiscord({ checked: false })
  const people = numbersUpTo(size).map((n) => sim.person({ name: `P${n + 1}` }))
  const buttonOf = (person: (typeof people)[number]) => {
    const message = person.messages().findLast((one) => allOf(one.components).some((part) => part.label === BUTTON))
    const id = allOf(message?.components ?? []).find((part) => part.label === BUTTON)?.custom_id ?? ''
    return { message, id }
  }
  return {
    bot: { apiUrl: sim.apiUrl, token: sim.token },
    people: people.map(({ id }) => id),
    connected: () => sim.gateway.connections() > 0 && sim.calls().some((call) => call.path.endsWith('/commands')),
    ask: () => Promise.all(people.map((one) => one.says(LIST))),
    press() {
      const buttons = people.map(buttonOf)
      const from = sim.calls().length
      const pressed = people.map((one, index) => {
        const at = performance.now()
        const { id = '', message } = buttons[index] ?? {}
        void one.pressesId(id, message)
        return at
      })
      return () => ({ pressed, ...discordMoments(sim, from, size) })
    },
    messages: () => sim.messages().filter((one) => one.author === 'bot' && !one.thinking).length,
    violations: () => sim.violations(),
  }
}

/** The calls carry no person: but interactions have rising ids, and everybody pressed once, one after the other. */
function discordMoments(sim: DiscordSimulator, from: number, size: number): Pick<Moments, 'acknowledged' | 'answered'> {
  const calls = sim.calls().slice(from)
  const asked = calls.flatMap(({ path, status, atMs }) => {
    const [, id, token] = /^\/interactions\/(\d+)\/([\w-]+)\/callback$/.exec(path) ?? []
    return id === undefined || token === undefined || status >= 300 ? [] : [{ id: BigInt(id), token, atMs }]
  })
  const moments = { acknowledged: unknown(size), answered: unknown(size) }
  if (asked.length < size) return moments
  const sorted = asked.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const personOf = new Map(sorted.map(({ token }, index) => [token, index]))
  sorted.forEach(({ atMs }, index) => note(moments.acknowledged, index, atMs))
  for (const { path, status, atMs } of calls) {
    const token = /^\/webhooks\/\d+\/([\w-]+)/.exec(path)?.[1]
    if (token !== undefined && status < 300) note(moments.answered, personOf.get(token), atMs)
  }
  return moments
}

async function slackCrowd(size: number): Promise<Crowd> {
  const sim = await startSlack({ checked: false })
  const people = numbersUpTo(size).map((n) => sim.person(`P${n + 1}`))
  const team = [...sim.state.teams.keys()][0] ?? ''
  const personOf = new Map(people.map(({ id }, index) => [sim.state.roomOf(team, id), index]))
  return {
    bot: { apiUrl: sim.apiUrl, botToken: sim.botToken, appToken: sim.appToken },
    people: people.map(({ id }) => `${team}:${id}`),
    connected: () => sim.sockets.count() > 0,
    ask: () => Promise.all(people.map((one) => one.says(LIST))),
    press() {
      const buttons = people.map((one) => one.buttonOf(BUTTON))
      const from = sim.calls.length
      const acknowledged = unknown(size)
      const pressed = people.map((one, index) => {
        const at = performance.now()
        const button = buttons[index]
        if (button === undefined) return at
        // A press that is not acknowledged in time is among the violations.
        one.presses(button.message, button.pressed).then(
          () => note(acknowledged, index, performance.now()),
          () => undefined,
        )
        return at
      })
      return () => {
        const answered = unknown(size)
        for (const { args, at } of sim.calls.slice(from)) note(answered, personOf.get(args['channel'] ?? ''), at)
        return { pressed, acknowledged, answered }
      }
    },
    messages: () => sim.state.messages.filter((one) => one.from === 'bot').length,
    violations: () => sim.violations(),
  }
}
