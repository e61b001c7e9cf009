// One answer for every expected refusal: what is, what it means, and a way out as a button.
import { assertNever } from '../../../lib/errors.ts'
import { INSTANCE_NAME_CHARS_MAX, type NameProblem } from '../../../domain/instance-name.ts'
import type { BackupRefusal, Refusal } from '../../../domain/refusal.ts'
import { t } from '../language.ts'
import { bold, button, code, say, type Button, type Press, type Text, type View } from '../view.ts'
import { accountAnswer, isAccountRefusal } from './account-refusals.ts'
import { configAnswer, isConfigRefusal } from './config-problems.ts'
import { isKeyRefusal, keyAnswer } from './key-problems.ts'
import { privateOnlyView } from './greeting.ts'
import { isSharingRefusal, sharingAnswer } from './sharing-refusals.ts'
import { isUpgradeRefusal, upgradeAnswer } from './upgrades.ts'
import { durationWords } from './time.ts'

/** What was asked, so that a way out can offer it again. */
export type Asked = { action: string; instance?: string; rest?: readonly string[] }

/** The sentence and the buttons for a refusal. */
export function refusalView(refusal: Refusal, asked: Asked): View {
  if (refusal.reason === 'private-only') return privateOnlyView()
  const { text, actions } = answer(refusal, asked)
  return { tone: 'plain', blocks: [{ kind: 'text', text }], actions }
}

/** One that a person can be given in a sentence, wherever they are. */
type Said = Exclude<Refusal, { reason: 'private-only' }>

/** The sentence alone, for where there are no buttons. */
export function refusalText(refusal: Said, asked: Asked): Text {
  return answer(refusal, asked).text
}

type Answer = { text: Text; actions: Button[] }
const setUp = (): Button => button(t`Set one up`, 'deploy')
const list = (): Button => button(t`My assistants`, 'instances')

function answer(refusal: Said, asked: Asked): Answer {
  if (isAccountRefusal(refusal)) return accountAnswer(refusal)
  if (isConfigRefusal(refusal)) return configAnswer(refusal, asked.instance)
  if (isKeyRefusal(refusal)) return keyAnswer(refusal, asked.instance)
  if (isSharingRefusal(refusal)) return sharingAnswer(refusal, asked)
  if (isBackupRefusal(refusal)) return backupAnswer(refusal, asked)
  if (isUpgradeRefusal(refusal)) return upgradeAnswer(refusal)
  switch (refusal.reason) {
    case 'instance-limit':
      return {
        text:
          refusal.limit === 1
            ? say`${bold(refusal.plan)} holds 1 assistant, and you have it already. Nothing new was made. To make room, destroy one first.`
            : say`${bold(refusal.plan)} holds ${refusal.limit} assistants, and you have them already. Nothing new was made. To make room, destroy one first.`,
        actions: [list(), button(t`Prices`, 'prices')],
      }
    case 'name':
      return { text: nameProblemText(refusal.problem), actions: [suggestionButton(refusal.problem, asked)] }
    case 'no-instance':
      return { text: say`You have no assistant yet. Setting one up takes about two minutes.`, actions: [setUp()] }
    case 'unknown-instance':
      return {
        text: refusal.here
          ? say`There is no assistant called ${bold(refusal.wanted)} here. Which one do you mean?`
          : say`You have no assistant called ${bold(refusal.wanted)}. Which one do you mean?`,
        actions: choices(refusal.names, asked),
      }
    case 'which-instance':
      return {
        text: refusal.here
          ? say`There are ${refusal.names.length} assistants here. Which one do you mean?`
          : say`You have ${refusal.names.length} assistants. Which one do you mean?`,
        actions: choices(refusal.names, asked),
      }
    case 'name-mismatch':
      return { text: say`That is not its name, so nothing was deleted. Type ${code(refusal.name)} to destroy it.`, actions: [] }
    case 'secret-store-unavailable':
      return {
        text: say`I could not hand your key over: the place that keeps it did not answer. I kept nothing of the key. Paste it again in a minute.`,
        actions: [],
      }
    case 'key-links-limit':
      return {
        text: say`You have had ${refusal.limit} links within an hour, which is as many as I give. The next one is free in ${durationWords(refusal.retryAfterSeconds * 1_000)}.`,
        actions: [list()],
      }
    case 'logs-unavailable':
      return {
        text: say`${named(asked)} has a log, but our provider does not hand it out right now. Nothing is lost; try again in a minute.`,
        actions: [button(t`Try again`, asked.action, ...instanceArgs(asked)), button(t`Status`, 'status', ...instanceArgs(asked))],
      }
    case 'nothing-to-retry':
      return { text: say`There is nothing to try again: that one is gone. You can set up a new one.`, actions: [setUp()] }
    case 'not-running':
      return { text: say`${bold(refusal.name)} is stopped. Start it first.`, actions: [button(t`Start`, 'start', refusal.name)] }
    case 'gateway-silent':
    case 'guest-gone':
    case 'phone-number':
      return chatAnswer(refusal, asked)
    case 'already':
    case 'busy':
    case 'being-destroyed':
    case 'unknown-region':
    case 'bad-input':
    case 'too-many-requests':
      return stateAnswer(refusal, asked)
    default:
      return assertNever(refusal)
  }
}

function isBackupRefusal(refusal: Refusal): refusal is BackupRefusal {
  return refusal.reason === 'unknown-backup' || refusal.reason === 'backups-limit' || refusal.reason === 'backup-orphan'
}

function backupAnswer(refusal: BackupRefusal, asked: Asked): Answer {
  switch (refusal.reason) {
    case 'unknown-backup':
      return { text: say`That copy is not there any more. Nothing was changed.`, actions: [button(t`Backups`, 'backups')] }
    case 'backups-limit':
      return {
        text: say`That were ${refusal.limit} copies within a day, which is as many as I make. The ones there are stay.`,
        actions: [button(t`Backups`, 'backups', ...instanceArgs(asked))],
      }
    case 'backup-orphan':
      return {
        text: say`${bold(refusal.name)} is gone. I can set up a new one that knows what it knew then.`,
        actions: [button(t`Bring it back`, 'restore', refusal.backup, 'new')],
      }
    default:
      return assertNever(refusal)
  }
}

type StateRefusal = Extract<Refusal, { reason: 'already' | 'busy' | 'being-destroyed' | 'unknown-region' | 'bad-input' | 'too-many-requests' }>

function stateAnswer(refusal: StateRefusal, asked: Asked): Answer {
  const status = button(t`Status`, 'status', ...instanceArgs(asked))
  switch (refusal.reason) {
    case 'already':
      return refusal.state === 'running'
        ? { text: say`${named(asked)} is running already.`, actions: [status, button(t`Restart`, 'restart', ...instanceArgs(asked))] }
        : {
            text: say`${named(asked)} is stopped already. Its storage is kept.`,
            actions: [button(t`Start`, 'start', ...instanceArgs(asked)), status],
          }
    case 'busy':
      return {
        text: say`${busyText(named(asked), refusal.state)} Ask again when that is done; I will say so here.`,
        actions: [status],
      }
    case 'being-destroyed':
      return { text: say`${bold(refusal.name)} is being destroyed and cannot be changed any more.`, actions: [list()] }
    case 'unknown-region':
      return { text: say`I know no place called ${bold(refusal.region)}. Choose one from the list when you set up.`, actions: [setUp()] }
    case 'bad-input':
      return {
        text: say`I could not make sense of that (${refusal.problems.slice(0, 3).join('; ')}). Nothing was changed.`,
        actions: [button(t`Help`, 'help')],
      }
    case 'too-many-requests':
      return {
        text: say`That was a lot at once, so I stopped listening for a moment. Nothing was changed by the last one. Try again in ${durationWords(refusal.retryAfterSeconds * 1_000)}.`,
        actions: [list()],
      }
    default:
      return assertNever(refusal)
  }
}

function busyText(name: Text, state: string): Text {
  switch (state) {
    case 'deploying':
      return say`${name} is being set up just now.`
    case 'starting':
      return say`${name} is starting just now.`
    case 'stopping':
      return say`${name} is stopping just now.`
    case 'restarting':
      return say`${name} is restarting just now.`
    case 'updating':
      return say`${name} is being updated just now.`
    case 'saving':
      return say`${name} is being saved just now.`
    case 'upgrading':
      return say`${name} is moving to another version just now.`
    case 'restoring':
      return say`${name} is being restored just now.`
    default:
      return say`${name} is busy just now.`
  }
}

function named(asked: Asked): Text {
  return asked.instance === undefined ? say`Your assistant` : say`${bold(asked.instance)}`
}

function instanceArgs(asked: Asked): string[] {
  return asked.instance === undefined ? [] : [asked.instance]
}

function choices(names: readonly string[], asked: Asked): Button[] {
  return names.map((name) => button(name, asked.action, name, ...(asked.rest ?? [])))
}

function suggestionButton(problem: NameProblem, asked: Asked): Button {
  const press: Press =
    asked.action === 'rename'
      ? { verb: 'rename', args: [...instanceArgs(asked), problem.suggestion] }
      : { verb: 'deploy', args: [problem.suggestion] }
  return { label: problem.suggestion, press, style: 'primary' }
}

/** Why something typed cannot be a name, and one that can. */
export function nameProblemText(problem: NameProblem): Text {
  const { suggestion } = problem
  switch (problem.kind) {
    case 'empty':
      return say`It needs a name. ${bold(suggestion)} would do.`
    case 'too-short':
      return say`That is too short: a name has at least 3 characters. ${bold(suggestion)} would work.`
    case 'too-long':
      return say`That is ${problem.length} characters long, and a name has at most ${INSTANCE_NAME_CHARS_MAX}. ${bold(suggestion)} fits.`
    case 'characters':
      return say`A name is lower-case letters, digits and dashes, and begins with a letter. ${bold(suggestion)} would work.`
    case 'taken':
      return say`You have one of that name already. ${bold(suggestion)} is free.`
    default:
      return assertNever(problem)
  }
}

/** What stood in the way of a wish about who writes with an assistant. */
function chatAnswer(refusal: Extract<Refusal, { reason: 'gateway-silent' | 'guest-gone' | 'phone-number' }>, asked: Asked): Answer {
  switch (refusal.reason) {
    case 'gateway-silent':
      return {
        text: say`${bold(refusal.name)} did not answer me. Nothing was changed. Try again in a minute.`,
        actions: [button(t`Try again`, asked.action, ...instanceArgs(asked)), button(t`Status`, 'status', refusal.name)],
      }
    case 'guest-gone':
      return {
        text: say`That one no longer waits to write to ${bold(refusal.name)}: a request ends after an hour. Nothing was changed.`,
        actions: [button(t`Who waits`, 'pairing', ...instanceArgs(asked))],
      }
    case 'phone-number':
      return {
        text: say`That is no telephone number with its country. Nothing was changed.`,
        actions: [button(t`WhatsApp`, 'whatsapp', ...instanceArgs(asked))],
      }
  }
}
