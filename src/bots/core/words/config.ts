// How an assistant is set up: the one view of it, its guided settings, the document as a whole, and what it was before.
import type { ConfigChange, ConfigSeen, ConfigStep } from '../../../actions/config.ts'
import type { DocumentChange } from '../../../domain/gateway-diff.ts'
import { dmPolicies, toolProfiles, type DmPolicy, type Settings, type ToolProfile } from '../../../domain/gateway-settings.ts'
import { modelProviders } from '../../../domain/model-providers.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'
import { channelTitle } from './channels.ts'
import { agoWords } from './time.ts'

type Named = { id: string; name: string }
const press = (label: string, { id }: Named, ...words: string[]): Button => button(label, 'config', id, ...words)
const textBlock = (text: Text): Block => ({ kind: 'text', text })
const back = (instance: Named): Button => press(t`Back`, instance)

/** What is set now, and everything that can be done with it. */
export function configView(seen: ConfigSeen, now: Date): View {
  const { instance, version, settings } = seen
  return {
    tone: 'plain',
    title: say`How ${bold(instance.name)} is set up`,
    blocks: [
      {
        kind: 'fields',
        fields: [
          { label: t`Model`, value: modelText(settings.model) },
          { label: t`Character`, value: personaText(settings) },
          { label: t`Who may write`, value: peopleText(settings) },
          { label: t`Memory`, value: [memoryText(settings)] },
          { label: t`Tools`, value: [toolsText(settings.tools)] },
          { label: t`Version`, value: [versionText(seen, now)] },
        ],
      },
    ],
    actions: [
      press(t`Model`, instance, 'model'),
      press(t`Character`, instance, 'persona'),
      press(t`Who may write`, instance, 'people'),
      press(t`Memory`, instance, 'memory'),
      press(t`Tools`, instance, 'tools'),
      press(t`Edit as a whole`, instance, 'edit'),
      press(t`Download`, instance, 'download'),
      ...(version === 0 ? [] : [press(t`History`, instance, 'history'), press(t`Roll back`, instance, 'back', String(version - 1))]),
      button(t`Status`, 'status', instance.id),
    ],
  }
}

function modelText(model: string | null): Text {
  return model === null ? say`none yet` : [code(model)]
}

function personaText({ personaName, persona }: Settings): Text {
  if (personaName === null && persona === null) return say`as OpenClaw comes`
  if (persona === null) return [bold(personaName ?? '')]
  return personaName === null ? [persona] : [bold(personaName), ', ', persona]
}

function peopleText({ people }: Settings): Text {
  const [first, ...others] = people
  if (first === undefined) return say`it listens in no chat that others could write in`
  if (others.every((one) => one.policy === first.policy)) return [policyText(first.policy)]
  return people.flatMap((one, index): Text => [...(index === 0 ? [] : ['; ']), `${channelTitle(one.channel)}: ${policyText(one.policy)}`])
}

function policyText(policy: DmPolicy): string {
  switch (policy) {
    case 'pairing':
      return t`you, and whoever has a code from you`
    case 'allowlist':
      return t`only you and whom the list names`
    case 'open':
      return t`everybody`
    case 'disabled':
      return t`nobody, in private`
    default:
      return assertNever(policy)
  }
}

function memoryText({ memory, recall }: Settings): string {
  if (!memory) return t`off: it does not look up what it noted`
  return recall === true ? t`on, and it knows in one chat what you said in another` : t`on`
}

function toolsText(tools: ToolProfile | null): string {
  switch (tools) {
    case null:
      return t`as OpenClaw decides`
    case 'minimal':
      return t`next to none: it talks`
    case 'messaging':
      return t`messages: it writes to people`
    case 'coding':
      return t`files and programs on its machine`
    case 'full':
      return t`everything it has`
    default:
      return assertNever(tools)
  }
}

function versionText({ version, changed }: ConfigSeen, now: Date): string {
  if (changed === null) return t`as it came, nothing was changed yet`
  return t`${version}, ${howWords(changed)}, ${agoWords(changed.at, now)}`
}

function howWords({ origin, note }: NonNullable<ConfigSeen['changed']>): string {
  switch (origin) {
    case 'guided':
      return settingWords(note ?? '')
    case 'text':
      return t`written by you`
    case 'file':
      return t`from your file`
    case 'rollback':
      return note === '0' ? t`back to how it came` : t`back to version ${note ?? ''}`
    case 'restore':
      return t`as it was saved`
    default:
      return assertNever(origin)
  }
}

function settingWords(kind: string): string {
  const words: Readonly<Record<string, string>> = {
    model: t`another model`,
    people: t`who may write`,
    'persona-name': t`its name`,
    persona: t`its character`,
    memory: t`its memory`,
    recall: t`its memory`,
    tools: t`its tools`,
  }
  return words[kind] ?? kind
}

/** Which model it thinks with: those that there is a key for, and any other by its name. */
export function modelsView({ instance, settings, models }: ConfigSeen): View {
  const offered = models.filter((one) => one.model !== settings.model)
  const examples = modelProviders[0]?.model ?? ''
  return {
    tone: 'plain',
    blocks: [
      paragraph`Which model shall ${bold(instance.name)} think with? Now it is ${modelText(settings.model)}.`,
      ...(models.length === 0 ? [paragraph`It has no key for a model yet. Give it one first, or it cannot answer.`] : []),
      paragraph`Another one goes by the name that its company gives it, like ${code(examples)}.`,
    ],
    actions: [
      ...offered.map(({ brain, model }) => press(brain, instance, 'model', model)),
      press(t`Another model`, instance, 'ask-model'),
      press(t`As OpenClaw decides`, instance, 'model', '-'),
      ...(models.length === 0 ? [button(t`Keys`, 'keys', instance.id, 'add')] : []),
      back(instance),
    ],
  }
}

/** Who may write to it in private. */
export function peopleView({ instance, settings }: ConfigSeen): View {
  const labels: Readonly<Record<DmPolicy, string>> = { pairing: t`With a code`, allowlist: t`Only me`, open: t`Everybody`, disabled: t`Nobody` }
  return {
    tone: 'plain',
    blocks: [
      paragraph`Who may write to ${bold(instance.name)} in private? Now: ${peopleText(settings)}.`,
      paragraph`With a code, a stranger gets one and is let in once you say yes. Everybody means everybody who finds it, and your model’s key pays for them.`,
    ],
    actions: [...dmPolicies.map((policy) => press(labels[policy], instance, 'people', policy)), back(instance)],
  }
}

/** Who it is: a name and a character. */
export function personaView({ instance, settings }: ConfigSeen): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`Who is ${bold(instance.name)} when it talks? Now: ${personaText(settings)}.`,
      paragraph`Its name is what people call it. Its character is a sentence on what it is like.`,
    ],
    actions: [
      press(t`Its name`, instance, 'ask-name'),
      press(t`Its character`, instance, 'ask-character'),
      ...(settings.personaName === null ? [] : [press(t`No name`, instance, 'name', '-')]),
      ...(settings.persona === null ? [] : [press(t`No character`, instance, 'character', '-')]),
      back(instance),
    ],
  }
}

/** What it looks up of what it noted. */
export function memoryView({ instance, settings }: ConfigSeen): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`The memory of ${bold(instance.name)} is ${memoryText(settings)}.`,
      paragraph`Nothing that it noted is deleted by turning it off. Across chats, it may use in one private chat what was said in another.`,
    ],
    actions: [
      settings.memory ? press(t`Turn off`, instance, 'memory', 'off') : press(t`Turn on`, instance, 'memory', 'on'),
      settings.recall === true ? press(t`Each chat for itself`, instance, 'recall', 'off') : press(t`Across chats`, instance, 'recall', 'on'),
      back(instance),
    ],
  }
}

/** What it may do besides talking. */
export function toolsView({ instance, settings }: ConfigSeen): View {
  const labels: Readonly<Record<ToolProfile, string>> = {
    minimal: t`Talk only`,
    messaging: t`Messages`,
    coding: t`Files and programs`,
    full: t`Everything`,
  }
  return {
    tone: 'plain',
    blocks: [
      paragraph`What may ${bold(instance.name)} do besides talking? Now: ${toolsText(settings.tools)}.`,
      paragraph`Whatever it may do happens on its own machine, and nowhere else.`,
    ],
    actions: [
      ...toolProfiles.map((profile) => press(labels[profile], instance, 'tools', profile)),
      press(t`As OpenClaw decides`, instance, 'tools', '-'),
      back(instance),
    ],
  }
}

export type ConfigAsk = 'model' | 'name' | 'character' | 'document'

/** A question that is answered by typing; `problem` is what was wrong with the last answer. */
export function configQuestion(ask: ConfigAsk, name: string, { actions, problem }: { actions: readonly Button[]; problem: readonly Text[] }): View {
  return {
    tone: 'plain',
    blocks: [...problem.map(textBlock), ...questionTexts(ask, name).map(textBlock)],
    actions,
    input: 'text',
    form: ask === 'document' ? 'document' : 'text',
  }
}

function questionTexts(ask: ConfigAsk, name: string): Text[] {
  switch (ask) {
    case 'model':
      return [say`What is the model for ${bold(name)} called? Like ${code('anthropic/claude-sonnet-4-5')}.`]
    case 'name':
      return [say`What shall ${bold(name)} call itself?`]
    case 'character':
      return [say`What is ${bold(name)} like? One or two sentences, like ${code('dry, precise, and kind to beginners')}.`]
    case 'document':
      return [
        say`Send me the settings of ${bold(name)} as a file, or paste them here. Download them first to see how they are written.`,
        say`I show you what would change before anything does. Keys and tokens have no place in it: they go to ${code('/set-key')}.`,
      ]
    default:
      return assertNever(ask)
  }
}

const CHANGES_SHOWN = 12

/** Changes, one a line: + added, ~ changed, - removed. */
function changesBlock(changes: readonly DocumentChange[]): Block[] {
  const lines = changes.slice(0, CHANGES_SHOWN).map(changeLine)
  const left = changes.length - lines.length
  const more = left === 0 ? [] : left === 1 ? [paragraph`And one more.`] : [paragraph`And ${left} more.`]
  return [{ kind: 'code', lines }, ...more]
}

function changeLine(change: DocumentChange): string {
  switch (change.kind) {
    case 'added':
      return `+ ${change.path}: ${change.value}`
    case 'changed':
      return `~ ${change.path}: ${change.from} → ${change.value}`
    case 'removed':
      return `- ${change.path}: ${change.from}`
    default:
      return assertNever(change)
  }
}

/** What a document would change, before it does. */
export function draftView(
  name: string,
  changes: readonly DocumentChange[],
  ways: { apply: Button; keep: Button; to: number | 'saved' | null },
): View {
  return {
    tone: 'plain',
    title: draftTitle(name, ways.to),
    blocks: [...changesBlock(changes), paragraph`${bold(name)} restarts with it; its memory stays.`],
    actions: [ways.apply, ways.keep],
  }
}

function draftTitle(name: string, to: number | 'saved' | null): Text {
  if (to === null) return say`That would change ${bold(name)}:`
  if (to === 'saved') return say`The settings that were saved would change ${bold(name)}:`
  return to === 0 ? say`Back to how ${bold(name)} came would change:` : say`Back to version ${to} of ${bold(name)} would change:`
}

/** What was changed, and when it counts. */
export function configSetView({ instance, version, changes, reaches }: ConfigChange): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`✓ Set: version ${version} of the settings of ${bold(instance.name)}.`,
      ...changesBlock(changes),
      textBlock(reachesText(instance.name, reaches)),
    ],
    actions: [
      ...(reaches === 'at-start' ? [button(t`Start`, 'start', instance.id)] : []),
      press(t`Settings`, instance),
      press(t`Roll back`, instance, 'back', String(version - 1)),
    ],
  }
}

function reachesText(name: string, reaches: ConfigChange['reaches']): Text {
  switch (reaches) {
    case 'now':
      return say`I am restarting ${bold(name)} with it; its memory stays.`
    case 'at-start':
      return say`${bold(name)} is stopped, and takes it at its next start.`
    case 'on-the-way':
      return say`${bold(name)} is just being set up, and gets it on the way.`
    default:
      return assertNever(reaches)
  }
}

/** Nothing came of it. */
export function configKeptView(instance: Named): View {
  return {
    tone: 'plain',
    blocks: [paragraph`Kept. The settings of ${bold(instance.name)} are as they were.`],
    actions: [press(t`Settings`, instance)],
  }
}

/** What was set before, newest first, with a way back to each. */
export function historyView(
  instance: Named,
  { version, steps, older }: { version: number; steps: readonly ConfigStep[]; older: boolean },
  now: Date,
): View {
  const last = steps.at(-1)
  return {
    tone: 'plain',
    title: say`The settings of ${bold(instance.name)} over time`,
    blocks: steps.map((step) => textBlock(stepText(step, version, now))),
    actions: [
      ...steps.filter((step) => step.version !== version).map((step) => press(t`Back to ${step.version}`, instance, 'back', String(step.version))),
      ...(older && last !== undefined ? [press(t`Older`, instance, 'history', String(last.version))] : [press(t`As it came`, instance, 'back', '0')]),
      back(instance),
    ],
  }
}

function stepText({ version, changed, changes }: ConfigStep, current: number, now: Date): Text {
  const [first, ...others] = changes
  const what = first === undefined ? '' : others.length === 0 ? first.path : t`${first.path} and ${others.length} more`
  const mark = version === current ? say`${bold(String(version))} (now)` : say`${bold(String(version))}`
  return say`${mark}: ${howWords(changed)}, ${agoWords(changed.at, now)}${what === '' ? [] : [' · ', code(what)]}`
}

/** The whole document, to be kept or edited. */
export function downloadView({ instance, version, document }: ConfigSeen): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`The settings of ${bold(instance.name)}. What is not in there is as OpenClaw or I decide. Edit the file and send it back to me here.`,
      { kind: 'file', name: `${instance.name}-v${version}.json`, content: `${JSON.stringify(document, null, 2)}\n` },
    ],
    actions: [press(t`Edit as a whole`, instance, 'edit'), press(t`Settings`, instance)],
  }
}

/** A file came, and there is more than one assistant that it could be for. */
export function whoseFileView(instances: readonly Named[]): View {
  return {
    tone: 'plain',
    blocks: [paragraph`Whose settings are that? Choose, and send the file once more.`],
    actions: instances.map((one) => press(one.name, one, 'edit')),
  }
}

/** A document held a secret: its message is gone, or must go. */
export function secretInDocument(deleted: boolean): Text {
  return deleted
    ? say`There was a secret in it, so I deleted your message. Give it to me with ${code('/set-key')}, and write ${code('${NAME}')} in its place.`
    : say`There was a secret in it: delete your message. Give it to me with ${code('/set-key')}, and write ${code('${NAME}')} in its place.`
}
