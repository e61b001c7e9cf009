// First words, the way around, and what we say to things that we do not understand.
import type { InstanceSummary } from '../../../actions/action.ts'
import { imageOf } from '../../../domain/image.ts'
import { plans, type Plan } from '../../../domain/plans.ts'
import type { Info } from '../info.ts'
import { t, translated } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'
import { instanceLine } from './instance.ts'
import { moneyWords } from './time.ts'

/** Said wherever somebody could take the stand-in for the real thing. */
export function practiceBlocks(image: string): Block[] {
  return imageOf(image).kind === 'stub' ? [paragraph`This is practice: what I start is a stand-in with no real assistant inside.`] : []
}

/** The first contact. */
export function welcomeView(info: Info): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`Hi! I set up and look after your own OpenClaw: an assistant that lives in your chats and never sleeps. Takes about two minutes. You need nothing installed.`,
      ...practiceBlocks(info.gatewayImage),
    ],
    actions: [button(t`Set one up`, 'deploy'), button(t`How it works`, 'how'), button(t`Prices`, 'prices')],
  }
}

/** Somebody we know: their assistants, and the one thing that is likely wanted. */
export function returningView(list: readonly InstanceSummary[], info: Info): View {
  if (list.length === 0)
    return {
      ...welcomeView(info),
      blocks: [
        paragraph`Welcome back. You have no assistant at the moment; setting one up takes about two minutes.`,
        ...practiceBlocks(info.gatewayImage),
      ],
    }
  const [only] = list
  const start = list.length === 1 && only?.status === 'stopped' ? [button(t`Start ${only.name}`, 'start', only.name)] : []
  return {
    tone: 'plain',
    blocks: [paragraph`Welcome back.`, ...list.map((one): Block => ({ kind: 'text', text: instanceLine(one) }))],
    actions: [
      ...start,
      ...list.slice(0, 4).map((one) => button(list.length === 1 ? t`Status` : one.name, 'status', one.name)),
      button(t`Help`, 'help'),
    ],
  }
}

/** What happens after "Set one up". */
export function howView(info: Info): View {
  const brings =
    info.local === true
      ? paragraph`You choose a name, a place and whose model it thinks with. I start OpenClaw on this computer, with its own storage and its own private network.`
      : paragraph`You choose a name, a place and whose model it thinks with. I start OpenClaw on a machine of its own, with its own storage and its own private network.`
  return {
    tone: 'plain',
    title: say`How it works`,
    blocks: [
      brings,
      paragraph`Your key goes straight to where it runs. I keep its last four characters, so that you can tell which one it is.`,
      paragraph`I check on it every minute, restart it if it stops answering, and tell you here what happened.`,
    ],
    actions: [button(t`Set one up`, 'deploy'), button(t`Prices`, 'prices')],
  }
}

/** What it costs, and what that buys. */
export function pricesView(info: Info): View {
  const free: Block[] = info.billing ? [] : [paragraph`Billing is off here: nothing is charged, and everybody is on Starter.`]
  return {
    tone: 'plain',
    title: say`Prices`,
    blocks: [
      { kind: 'text', text: planLine(plans.starter) },
      { kind: 'text', text: planLine(plans.pro) },
      paragraph`What it thinks is paid to the model's provider, with your own key.`,
      ...free,
    ],
    actions: [button(t`Set one up`, 'deploy'), button(t`How it works`, 'how')],
  }
}

function planLine(plan: Plan): Text {
  const { instancesMax, volumeGb } = plan
  const memoryGb = plan.guest.memoryMb / 1024
  const [title, price] = [bold(plan.title), moneyWords(plan.priceCents)]
  return instancesMax === 1
    ? say`${title}, ${price} a month: 1 assistant, each with ${memoryGb} GB of memory and ${volumeGb} GB of storage.`
    : say`${title}, ${price} a month: ${instancesMax} assistants, each with ${memoryGb} GB of memory and ${volumeGb} GB of storage.`
}

export type CommandWords = { name: string; summary: string; words: readonly string[] }

/** Every command with its one line. */
export function helpView(commands: readonly CommandWords[], info: Info): View {
  const web: Block[] = info.webAddress === null ? [] : [paragraph`In the browser: ${info.webAddress}`]
  return {
    tone: 'plain',
    title: say`What you can ask me`,
    blocks: [...commands.map((one): Block => ({ kind: 'text', text: say`${code(`/${one.name}`)} ${translated(one.summary)}` })), ...web],
    actions: [button(t`My assistants`, 'instances'), button(t`Set one up`, 'deploy')],
  }
}

/** A command that there is not. */
export function unknownCommandView(typed: string, nearest: readonly string[]): View {
  return {
    tone: 'plain',
    blocks: [paragraph`I do not know ${code(`/${typed}`)}. Did you mean one of these?`],
    actions: [...nearest.map((name) => button(`/${name}`, name)), button(t`All commands`, 'help')],
  }
}

/** Words that are no command, outside any question. */
export function hintView(hasInstances: boolean): View {
  const next: Button[] = hasInstances ? [button(t`My assistants`, 'instances')] : [button(t`Set one up`, 'deploy')]
  return {
    tone: 'plain',
    blocks: [paragraph`I look after assistants; I am not one myself. Tap a button, or type ${code('/help')} to see what you can ask me.`],
    actions: [...next, button(t`Help`, 'help')],
  }
}

/** In a group, where others would read along. */
export function privateOnlyView(): View {
  return {
    tone: 'plain',
    elsewhere: true,
    blocks: [paragraph`Let us talk about that in private: write to me directly, so that nobody reads along.`],
    actions: [],
  }
}

/** After /cancel. */
export function cancelledView(what: 'nothing' | 'deploy' | 'destroy' | 'rename', name: string | null): View {
  const text: Readonly<Record<typeof what, Text>> = {
    nothing: say`There is nothing to cancel.`,
    deploy: say`Cancelled. Nothing was made, and nothing is charged.`,
    destroy: name === null ? say`Kept. Nothing about your assistant changed.` : say`Kept. Nothing about ${bold(name)} changed.`,
    rename: name === null ? say`Cancelled. Your assistant keeps its name.` : say`Cancelled. ${bold(name)} keeps its name.`,
  }
  const next = what === 'deploy' ? button(t`Set one up`, 'deploy') : button(t`My assistants`, 'instances')
  return { tone: 'plain', blocks: [{ kind: 'text', text: text[what] }], actions: [next] }
}
