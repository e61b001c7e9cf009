// Another version of the gateway: what there is, how far the move is, and what came of it.
import type { UpgradeOffer } from '../../../actions/upgrade.ts'
import { imageOf } from '../../../domain/image.ts'
import type { Refusal, UpgradeRefusal } from '../../../domain/refusal.ts'
import type { UpgradeEnd, UpgradeState } from '../../../domain/upgrades.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, paragraph, say, type Block, type Button, type Step, type Text, type View } from '../view.ts'
import { problemTexts } from './config-problems.ts'
import { imageWords } from './instance.ts'
import { dayWords, elapsedWords, momentWords } from './time.ts'

const SHOWN = 3

/** The versions that an assistant can move to. */
export function upgradeView({ instance, releases }: UpgradeOffer): View {
  const name = bold(instance.name)
  const [newest] = releases
  if (newest === undefined)
    return {
      tone: 'good',
      blocks: [paragraph`${name} runs ${imageWords(instance.image)}, and I offer nothing newer.`],
      actions: [button(t`Status`, 'status', instance.name)],
    }
  const shown = releases.slice(0, SHOWN)
  return {
    tone: 'plain',
    title: say`${name} runs ${imageWords(instance.image)}. ${bold(imageWords(newest.image))} is newer.`,
    blocks: [
      ...shown.flatMap((release) => notesBlocks(release, releases.length > 1)),
      paragraph`First I save what it knows. Then it restarts with the new version and does not answer for a minute or two. If the new version does not run well, I bring back the one of now, with all that was saved.`,
    ],
    actions: [
      ...shown.map(({ image }, index): Button => ({
        ...button(t`Update to ${imageWords(image)}`, 'start-upgrade', instance.name, image),
        ...(index === 0 && { style: 'primary' as const }),
      })),
      ...newsButtons(newest.image),
    ],
  }
}

function notesBlocks({ image, notes }: { image: string; notes: string }, named: boolean): Block[] {
  if (notes === '') return []
  return [named ? paragraph`${bold(imageWords(image))}: ${notes}` : paragraph`What is new: ${notes}`]
}

/** Source of the address: OpenClaw tags each release `v` and its version (its docs, "Release policy"). */
function newsButtons(image: string): Button[] {
  const known = imageOf(image)
  return known.kind === 'openclaw' ? [{ label: t`What is new`, url: `https://github.com/openclaw/openclaw/releases/tag/v${known.version}` }] : []
}

export type UpgradeFacts = {
  key: string
  name: string
  state: UpgradeState
  reason: UpgradeEnd | null
  fromImage: string
  toImage: string
  /** What was saved before, once that is done. */
  saved: { id: string; at: Date; until: Date | null } | null
  elapsedMs: number
  timeZone: string | null
  /** Its owner asked; otherwise whoever runs Conch moves assistants along. */
  asked: boolean
}

/** The message of an upgrade while it is under way. */
export function upgradeProgressView(facts: UpgradeFacts): View {
  const { key, name, toImage, state, elapsedMs } = facts
  const ended = isOver(state)
  return {
    tone: ended ? 'plain' : 'working',
    key,
    title: ended ? say`Updated ${bold(name)} to ${imageWords(toImage)}` : say`Updating ${bold(name)} to ${imageWords(toImage)}`,
    elapsed: elapsedWords(elapsedMs),
    ...(ended ? {} : { job: 'ongoing' as const }),
    blocks: [{ kind: 'progress', steps: stepsOf(facts) }],
    actions: [],
    ...(ended && state !== 'done' && { title: say`The update of ${bold(name)} to ${imageWords(toImage)} did not work` }),
  }
}

const ORDER: readonly UpgradeState[] = ['wanted', 'saving', 'switching', 'checking', 'done']

function isOver(state: UpgradeState): boolean {
  return state === 'done' || state === 'failed' || state === 'returned' || state === 'stuck'
}

function stepsOf({ state, fromImage, toImage, saved }: UpgradeFacts): Step[] {
  const at = ORDER.indexOf(state)
  const wentBack = at < 0
  const forward: { label: string; at: number; detail?: string }[] = [
    { label: t`Copy of what it knows`, at: 1 },
    { label: t`Start with ${imageWords(toImage)}`, at: 2, detail: t`a minute or two` },
    { label: t`Check of its health and its chats`, at: 3, detail: t`about 15 s` },
  ]
  if (!wentBack)
    return forward.map(({ label, at: own, detail }) => {
      if (at > own) return { label, state: 'done' }
      const isActive = at === own || (state === 'wanted' && own === 1)
      return { label, state: isActive ? 'active' : 'waiting', ...(isActive && detail !== undefined && { detail }) }
    })
  const [first = { label: '', at: 1 }, second = { label: '', at: 2 }] = forward
  if (state === 'failed') return [{ label: first.label, state: saved === null ? 'failed' : 'done' }]
  return [
    { label: first.label, state: 'done' },
    { label: second.label, state: 'failed' },
    { label: t`Bring back ${imageWords(fromImage)}`, state: state === 'returned' ? 'done' : state === 'stuck' ? 'failed' : 'active' },
  ]
}

/** How an upgrade ended. Null while it has not. */
export function upgradedView(facts: UpgradeFacts): View | null {
  const { key, state, reason } = facts
  const name = bold(facts.name)
  const [from, to] = [imageWords(facts.fromImage), imageWords(facts.toImage)]
  const status = button(t`Status`, 'status', facts.name)
  const retry = button(t`Try again`, 'upgrade', facts.name)
  switch (state) {
    case 'done':
      return {
        tone: 'good',
        key,
        title: facts.asked ? say`${name} runs ${to} now.` : say`I moved ${name} to ${to}, and it is well.`,
        blocks: keptBlocks(facts),
        actions: [status, ...newsButtons(facts.toImage), button(t`Backups`, 'backups', facts.name)],
      }
    case 'failed':
      return {
        tone: 'warning',
        key,
        blocks: [paragraph`${name} stays on ${from}: ${untouchedText(reason)} Nothing was changed.`],
        actions: [reason === 'stopped' ? button(t`Start`, 'start', facts.name) : retry, status],
      }
    case 'returned':
      return {
        tone: 'warning',
        key,
        title: say`${name} is back on ${from}.`,
        blocks: [paragraph`I tried ${to}, but ${faultText(reason)} ${backText(facts)}`],
        actions: facts.asked ? [status, retry] : [status],
      }
    case 'stuck':
      return {
        tone: 'bad',
        key,
        title: say`${name} is not well.`,
        blocks: [
          paragraph`I tried ${to}, but ${faultText(reason)} Then I could not bring ${from} back by myself.`,
          ...(facts.saved === null ? [] : [paragraph`What it knew is safe: I saved it on ${momentWords(facts.saved.at, facts.timeZone)}.`]),
        ],
        actions: [...(facts.saved === null ? [] : [button(t`Restore`, 'restore', facts.saved.id)]), status],
      }
    case 'wanted':
    case 'saving':
    case 'switching':
    case 'checking':
    case 'returning':
    case 'restoring':
      return null
    default:
      return assertNever(state)
  }
}

function keptBlocks({ saved, timeZone }: UpgradeFacts): Block[] {
  if (saved === null || saved.until === null) return []
  return [paragraph`A copy of what it knew before is kept until ${dayWords(saved.until, timeZone)}.`]
}

function backText({ reason, saved, timeZone }: UpgradeFacts): Text {
  if (reason === 'not-installed' || saved === null) return say`Nothing is lost.`
  return say`It knows what it knew on ${momentWords(saved.at, timeZone)}; what came in the minutes since then is lost.`
}

function untouchedText(reason: UpgradeEnd | null): Text {
  switch (reason) {
    case 'no-space':
      return say`its storage has too little room for the copy that I make first. Delete files that it does not need.`
    case 'not-saved':
      return say`I could not save what it knows, and without that I move nothing.`
    case 'stopped':
      return say`it was stopped meanwhile.`
    case 'overtaken':
      return say`it got another version meanwhile.`
    default:
      return say`it was busy with something else for too long.`
  }
}

function faultText(reason: UpgradeEnd | null): Text {
  switch (reason) {
    case 'not-installed':
      return say`it could not be installed.`
    case 'not-started':
      return say`it did not start.`
    case 'bad-config':
      return say`it does not start with your settings.`
    case 'keeps-crashing':
      return say`it kept crashing.`
    case 'channels':
      return say`it could not connect to your chats any more.`
    default:
      return say`it did not answer.`
  }
}

/** Whether a refusal is about upgrades. */
export function isUpgradeRefusal(refusal: Refusal): refusal is UpgradeRefusal {
  return refusal.reason === 'no-upgrade' || refusal.reason === 'upgrade-settings'
}

/** The sentence and the buttons for such a refusal. */
export function upgradeAnswer(refusal: UpgradeRefusal): { text: Text; actions: Button[] } {
  const name = bold(refusal.name)
  switch (refusal.reason) {
    case 'no-upgrade':
      return {
        text: say`I do not offer that version for ${name}, which runs ${imageWords(refusal.image)}. Nothing was changed.`,
        actions: [button(t`Versions`, 'upgrade', refusal.name), button(t`Status`, 'status', refusal.name)],
      }
    case 'upgrade-settings': {
      const [why = say``] = problemTexts({ reason: 'config-invalid', problems: [refusal.problem], more: 0 })
      return {
        text: say`${imageWords(refusal.image)} would not start with the settings of ${name}, so I left it as it is. ${why}`,
        actions: [button(t`Settings`, 'config', refusal.name)],
      }
    }
    default:
      return assertNever(refusal)
  }
}
