// What is wrong with a configuration, in words for somebody who never heard of such a document: where, what, and what to do.
import type { DocumentProblem } from '../../../domain/gateway-check.ts'
import type { ConfigRefusal, Refusal } from '../../../domain/refusal.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, code, say, type Button, type Text } from '../view.ts'
import { imageWords } from './instance.ts'

const reasons: Readonly<Record<ConfigRefusal['reason'], true>> = {
  'config-invalid': true,
  'config-same': true,
  'config-changed': true,
  'config-no-version': true,
  'config-model': true,
  'config-no-chat': true,
  'config-unknown-gateway': true,
  'key-in-config': true,
}

/** Whether a refusal is about a configuration. */
export function isConfigRefusal(refusal: Refusal): refusal is ConfigRefusal {
  return Object.hasOwn(reasons, refusal.reason)
}

/** The sentence for a refusal about a configuration, and what to press. */
export function configAnswer(refusal: ConfigRefusal, instance: string | undefined): { text: Text; actions: Button[] } {
  const named = instance === undefined ? [] : [instance]
  return { text: refusalText(refusal), actions: [...waysOn(refusal, named), button(t`Settings`, 'config', ...named)] }
}

function waysOn(refusal: ConfigRefusal, named: readonly string[]): Button[] {
  if (refusal.reason === 'config-no-chat') return [button(t`Add a chat`, 'keys', ...named, 'add')]
  return refusal.reason === 'config-invalid' ? problemButtons(refusal.problems, named) : []
}

function refusalText(refusal: ConfigRefusal): Text {
  switch (refusal.reason) {
    case 'config-invalid': {
      const [first] = refusal.problems
      return first === undefined ? say`That cannot be set. Nothing was changed.` : say`That cannot be set: ${problemText(first)} Nothing was changed.`
    }
    case 'config-same':
      return say`It is set like that already. Nothing was changed.`
    case 'config-changed':
      return say`The settings were changed in the meantime, so I left them alone. Look at what they are now, and try again.`
    case 'config-no-version':
      return say`There is no version ${refusal.version} of its settings. Nothing was changed.`
    case 'config-model':
      return say`That is not what a model is called: it is the company, a slash and its name, like ${code('anthropic/claude-sonnet-4-5')}. Nothing was changed.`
    case 'config-no-chat':
      return say`It listens in no chat yet, so nobody can write to it. Give it one first.`
    case 'config-unknown-gateway':
      return say`I do not know yet what can be set in ${imageWords(refusal.image)}, and set nothing that might keep it from starting.`
    case 'key-in-config':
      return say`Its settings refer to ${code(refusal.name)}: without it, it would not start. Take it out of the settings first.`
    default:
      return assertNever(refusal)
  }
}

/** What helps with the problems of a document. */
export function problemButtons(problems: readonly DocumentProblem[], named: readonly string[]): Button[] {
  const pro = problems.some((problem) => problem.kind === 'pro') ? [button(t`Prices`, 'prices')] : []
  const keys = problems.some((problem) => problem.kind === 'secret' || problem.kind === 'no-variable')
  return [...pro, ...(keys ? [button(t`Keys`, 'keys', ...named)] : [])]
}

/** One problem as a sentence that begins with its place: "Line 12: agents.defaults.model.primary must be text." */
export function problemText(problem: DocumentProblem): Text {
  const { line } = problem
  return line === null ? whatText(problem) : say`Line ${line}: ${whatText(problem)}`
}

function placeOf({ path }: DocumentProblem): Text {
  return path === '' ? say`the document` : [code(path)]
}

function whatText(problem: DocumentProblem): Text {
  const place = placeOf(problem)
  switch (problem.kind) {
    case 'text':
      return unreadableText(problem.what, place)
    case 'unknown':
      return say`${place} is no setting that this version knows.`
    case 'missing':
      return say`${place} lacks ${code(problem.name)}, which it needs.`
    case 'type':
      return say`${place} must be ${typeWords(problem.wanted)}.`
    case 'choice':
      return say`${place} must be one of ${choiceWords(problem.choices)}.`
    case 'bound':
      return boundText(problem, place)
    case 'form':
      return say`${place} is not written the way it must be.`
    case 'ours':
      return oursText(problem.why, place)
    case 'secret':
      return say`${place} holds what looks like a secret. Give it to me with ${code('/set-key')}, and write ${code('${NAME}')} in its place here.`
    case 'no-variable':
      return say`${place} refers to ${code(problem.name)}, which it does not hold. Set it with ${code('/set-key')} first.`
    case 'pro':
      return problem.feature === 'browser'
        ? say`${place} is for browsing by itself, which is part of Pro.`
        : say`${place} is for its voice, which is part of Pro.`
    case 'open-to-nobody':
      return say`${place} lets everybody write, and then ${code('allowFrom')} beside it must hold ${code('"*"')}.`
    case 'nobody':
      return say`${place} lets only those write whom ${code('allowFrom')} beside it names, and it names nobody: I do not know who you are there.`
    default:
      return assertNever(problem)
  }
}

function unreadableText(what: Extract<DocumentProblem, { kind: 'text' }>['what'], place: Text): Text {
  switch (what) {
    case 'empty':
      return say`There is nothing in it.`
    case 'cut-off':
      return say`It ends too early: a bracket or a quote is still open. Chats cut long texts apart; a file arrives whole.`
    case 'unexpected':
      return say`Something stands there that does not belong. Often a comma or a quote is missing just before.`
    case 'twice':
      return say`${place} is there twice. Keep one of them.`
    case 'not-a-number':
      return say`${place} is no number that can be stored.`
    case 'too-deep':
      return say`It has more brackets within brackets than any setting needs.`
    case 'no-object':
      return say`It must begin with ${code('{')} and end with ${code('}')}.`
    case 'too-large':
      return say`It is larger than 256 KB, which is more than I take.`
    default:
      return assertNever(what)
  }
}

function oursText(why: Extract<DocumentProblem, { kind: 'ours' }>['why'], place: Text): Text {
  switch (why) {
    case 'gateway':
      return say`${place} is mine: how it is reached, and that nobody else gets in. Leave it out.`
    case 'version':
      return say`${place} is mine: I look after which version runs. Leave it out.`
    case 'channel-switch':
      return say`${place} follows from the tokens that you give it with ${code('/set-key')}. Leave it out.`
    case 'channel-token':
      return say`${place} comes from ${code('/set-key')}, so that no token stands in here. Leave it out.`
    case 'plugin':
      return say`${place} is mine: its chats need it as it is. Leave it out.`
    case 'variable':
      return say`${place} is a variable that its machine needs as it is. Leave it out.`
    default:
      return assertNever(why)
  }
}

function boundText({ bound, of, limit }: Extract<DocumentProblem, { kind: 'bound' }>, place: Text): Text {
  if (of === 'characters')
    return bound === 'at-least' ? say`${place} must have at least ${limit} characters.` : say`${place} must have at most ${limit} characters.`
  if (of === 'entries')
    return bound === 'at-least' ? say`${place} must have at least ${limit} entries.` : say`${place} must have at most ${limit} entries.`
  switch (bound) {
    case 'at-least':
      return say`${place} must be at least ${limit}.`
    case 'at-most':
      return say`${place} must be at most ${limit}.`
    case 'more-than':
      return say`${place} must be more than ${limit}.`
    case 'less-than':
      return say`${place} must be less than ${limit}.`
    default:
      return assertNever(bound)
  }
}

const CHOICES_SHOWN = 12

function choiceWords(choices: readonly string[]): Text {
  const shown = choices.slice(0, CHOICES_SHOWN).flatMap((choice, index) => [...(index === 0 ? [] : [', ']), code(choice)])
  return choices.length > CHOICES_SHOWN ? [...shown, ', …'] : shown
}

function typeWords(wanted: readonly string[]): string {
  const words: Readonly<Record<string, string>> = {
    string: t`text`,
    number: t`a number`,
    integer: t`a whole number`,
    boolean: t`true or false`,
    array: t`a list in [ ]`,
    object: t`a group of settings in { }`,
    null: t`null`,
  }
  return wanted.map((one) => words[one] ?? one).join(t` or `)
}

/** All of it, for somebody who edits the document: the first few, and how many more. */
export function problemTexts({ problems, more }: Extract<ConfigRefusal, { reason: 'config-invalid' }>): Text[] {
  const shown = problems.slice(0, PROBLEMS_SHOWN).map(problemText)
  const left = problems.length - shown.length + more
  return left === 0 ? shown : [...shown, left === 1 ? say`And one more.` : say`And ${left} more.`]
}
const PROBLEMS_SHOWN = 5

/** The sentence over them. */
export function invalidText(name: string): Text {
  return say`${bold(name)} would not understand that, so nothing was changed:`
}
