// What each command answers. Everything that changes something goes through the catalogue of actions.
import type { InstanceDetail, InstanceSummary } from '../../actions/action.ts'
import { catalogue, type ActionName } from '../../actions/catalogue.ts'
import { instanceById } from '../../db/instances.ts'
import { languageOf } from '../../domain/language.ts'
import { plans, type Plan } from '../../domain/plans.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { allows, type Standing } from '../../domain/sharing.ts'
import { answerLink, answerUnlink } from './account.ts'
import { answerAlerts } from './alerts.ts'
import {
  startAlerts,
  startConfig,
  startDeploy,
  startDestroy,
  startForget,
  startNumber,
  startRename,
  cancelConversation,
  restoreDeploy,
} from './conversation.ts'
import { answerConfigCommand } from './config.ts'
import { answerBackups } from './backups.ts'
import { nearest } from './commands.ts'
import { answerKeys, answerRemoveKey, answerSetKey } from './keys.ts'
import { answerInvite } from './invite.ts'
import { inLanguage } from './language.ts'
import { answerPairing } from './pairing.ts'
import { answerApproval, answerShare } from './sharing.ts'
import { expectJob, isSomebodyElses, show, tell, type Turn } from './turn.ts'
import { answerKeyLink } from './key-link.ts'
import { paragraph, type View } from './view.ts'
import { answerUpgrades } from './upgrades.ts'
import { answerWhatsapp } from './whatsapp.ts'
import {
  helpView,
  howView,
  pricesView,
  privateOnlyView,
  returningView,
  unknownCommandView,
  welcomeView,
  type CommandWords,
} from './words/greeting.ts'
import { handleOf, instancesView, LOG_LINES_SHOWN, logsView, openView, renamedView, statusView } from './words/instance.ts'
import { languageNamed, languageSetView, languageView } from './words/language.ts'
import { refusalView, type Asked } from './words/refusals.ts'
import { deadButtonView } from './words/trouble.ts'

const chatCommands: readonly CommandWords[] = [
  { name: 'prices', summary: 'What it costs', words: [] },
  { name: 'how', summary: 'How it works', words: [] },
  { name: 'cancel', summary: 'Stop the question I am asking', words: [] },
  { name: 'help', summary: 'This list', words: [] },
]

type Listed = CommandWords & { hidden?: true }
/** Every command there is, in the order of /help. */
export const commands: readonly CommandWords[] = [
  ...Object.values<Listed>(catalogue).flatMap(({ name, summary, words, hidden }) => (hidden === true ? [] : [{ name, summary, words }])),
  ...chatCommands,
]
export const commandNames: readonly string[] = commands.map((one) => one.name)
/** What a button may ask for: any command, and what only buttons ask. */
export const pressVerbs: readonly string[] = [...commandNames, 'retry', 'approve', 'restore', 'backup-schedule', 'backup-link', 'start-upgrade']
const SUGGESTIONS = 3

/** Carries out a command or what a button asks for. */
export async function answerCommand(turn: Turn, name: string, args: readonly string[]): Promise<void> {
  if (isAction(name)) return answerAction(turn, name, args)
  const { info } = turn.deps
  switch (name) {
    case 'help':
      return reply(turn, helpView(commands, info))
    case 'how':
      return reply(turn, howView(info))
    case 'prices':
      return reply(turn, pricesView(info))
    case 'cancel':
      return cancelConversation(turn)
    case 'retry':
      return retry(turn, args[0] ?? '')
    default:
      return reply(turn, unknownCommandView(name.slice(0, 40), nearest(name, commandNames, SUGGESTIONS)))
  }
}

function isAction(name: string): name is ActionName {
  return Object.hasOwn(catalogue, name)
}

async function reply(turn: Turn, view: View): Promise<void> {
  await show(turn, view)
}

async function refuse(turn: Turn, refusal: Refusal, asked: Asked): Promise<void> {
  if (await isSomebodyElses(turn, refusal, asked.instance)) return tell(turn, deadButtonView('not-yours'))
  await tell(turn, refusalView(refusal, asked))
}

async function listView(turn: Turn): Promise<View> {
  const { instances, shared, plan } = await listOf(turn)
  if (instances.length + shared.length === 0 && turn.actor.overheard === true) return privateOnlyView()
  return instancesView(instances, plan, shared)
}

/** The person's instances, those of others that are shared with where they are, and their plan. */
export async function listOf(turn: Turn): Promise<{ instances: InstanceSummary[]; shared: InstanceSummary[]; plan: Plan }> {
  const listed = await turn.deps.actions.perform('instances', {}, turn.actor)
  return listed.ok ? listed.value : { instances: [], shared: [], plan: plans.starter }
}

/** The first contact, or a short list for somebody we know. */
export async function greet(turn: Turn): Promise<void> {
  const { instances } = await listOf(turn)
  const { info } = turn.deps
  const view = turn.isNew ? welcomeView(info) : returningView(instances, info)
  const web =
    turn.inbound.place === 'terminal' && turn.inbound.kind === 'start' && info.webAddress !== null
      ? [paragraph`In the browser: ${info.webAddress}`]
      : []
  await show(turn, { ...view, blocks: [...view.blocks, ...web] })
}

async function answerAction(turn: Turn, name: ActionName, args: readonly string[]): Promise<void> {
  switch (name) {
    case 'deploy':
      return deploy(turn, args)
    case 'destroy':
      return withInstance(turn, { name, args, needs: 'operate' }, (instance) => destroy(turn, instance))
    case 'rename':
      return rename(turn, args)
    case 'instances':
      return reply(turn, await listView(turn))
    case 'status':
      return withInstance(turn, { name, args, needs: 'see' }, (instance) => reply(turn, statusView(instance, turn.deps.clock.now())))
    case 'logs':
      return logs(turn, args)
    case 'start':
      // "/start" alone is how platforms open a conversation; the greeting offers to start what is stopped.
      return args.length === 0 ? greet(turn) : power(turn, name, args)
    case 'open':
      return openDoor(turn, args)
    case 'stop':
    case 'restart':
      return power(turn, name, args)
    case 'alerts':
    case 'set-alerts':
      return alerts(turn, args)
    case 'share':
    case 'shares':
      return answerShare(turn, args)
    case 'approve':
      return answerApproval(turn, args)
    case 'link':
      return answerLink(turn, args)
    case 'unlink':
      return answerUnlink(turn, args)
    case 'keys':
      return answerKeys(turn, args)
    case 'set-key':
      return answerSetKey(turn, args)
    case 'remove-key':
      return answerRemoveKey(turn, args)
    case 'whatsapp':
      return answerWhatsapp(turn, args, (instance) => startNumber(turn, instance))
    case 'config':
    case 'config-history':
    case 'check-config':
    case 'set-config':
      return configure(turn, args)
    case 'pairing':
    case 'admit':
      return answerPairing(turn, args)
    case 'language':
      return speak(turn, args)
    case 'invite':
    case 'accept-invite':
      return answerInvite(turn)
    case 'backup':
    case 'backups':
    case 'restore':
    case 'backup-schedule':
    case 'backup-link':
      return answerBackups(turn, name, args, (former) => restoreDeploy(turn, former))
    case 'upgrade':
    case 'start-upgrade':
      return answerUpgrades(turn, name, args)
    case 'set-key-link':
      return answerKeyLink(turn, args)
    case 'forget-me':
      return startForget(turn)
  }
}

async function openDoor(turn: Turn, args: readonly string[]): Promise<void> {
  const [wanted] = args
  const done = await turn.deps.actions.perform('open', wanted === undefined ? {} : { instance: wanted }, turn.actor)
  if (!done.ok) return refuse(turn, done, { action: 'open', ...(await knownAs(turn, wanted)) })
  await show(turn, openView(done.value.instance, done.value.link.open()))
}

async function alerts(turn: Turn, args: readonly string[]): Promise<void> {
  const question = await answerAlerts(turn, args)
  if (question !== null) await startAlerts(turn, question)
}

async function configure(turn: Turn, args: readonly string[]): Promise<void> {
  const question = await answerConfigCommand(turn, args)
  if (question !== null) await startConfig(turn, question.instance, question.ask)
}

async function speak(turn: Turn, args: readonly string[]): Promise<void> {
  const word = args[0]?.toLowerCase() ?? ''
  const wanted = languageOf(word) ?? languageNamed(word)
  if (wanted === null) return reply(turn, languageView())
  const set = await turn.deps.actions.perform('language', { language: wanted }, turn.actor)
  if (!set.ok) return refuse(turn, set, { action: 'language' })
  await inLanguage(wanted, () => show(turn, languageSetView(), { inPlace: true }))
}

async function withInstance(
  turn: Turn,
  asked: { name: ActionName; args: readonly string[]; needs: Standing },
  then: (instance: InstanceDetail) => Promise<unknown>,
): Promise<void> {
  const [wanted] = asked.args
  const found = await turn.deps.actions.perform('status', wanted === undefined ? {} : { instance: wanted }, turn.actor)
  if (!found.ok) return refuse(turn, found, { action: asked.name, ...(wanted !== undefined && { instance: wanted }) })
  const { standing, name } = found.value
  // Better said before a question than after its answer.
  if (!allows(standing, asked.needs)) return refuse(turn, { reason: 'not-allowed', name, needs: asked.needs }, { action: asked.name, instance: name })
  await then(found.value)
}

/** Where others read along, the owner destroys nothing, but somebody else may ask for it there. */
async function destroy(turn: Turn, instance: InstanceDetail): Promise<void> {
  if (turn.actor.overheard === true && instance.standing === 'owner') return tell(turn, privateOnlyView())
  await startDestroy(turn, instance)
}

async function power(turn: Turn, name: 'start' | 'stop' | 'restart', args: readonly string[]): Promise<void> {
  const [wanted] = args
  const done = await turn.deps.actions.perform(name, wanted === undefined ? {} : { instance: wanted }, turn.actor)
  if (!done.ok) return refuse(turn, done, { action: name, ...(await knownAs(turn, wanted)) })
  const { operationId, instance } = done.value
  if (operationId === null) return answerAction(turn, 'status', [instance.name])
  expectJob(turn, operationId, { outcome: false })
}

/** The instance's name for a refusal's sentence, also when the person left it out because there is only one. */
async function knownAs(turn: Turn, wanted: string | undefined): Promise<{ instance?: string }> {
  const { instances, shared } = await listOf(turn)
  const everything = [...instances, ...shared]
  const [only] = everything
  const found =
    wanted === undefined ? (everything.length === 1 ? only : undefined) : everything.find((one) => one.name === wanted || one.id === wanted)
  const name = found?.name ?? wanted
  return name === undefined ? {} : { instance: name }
}

async function deploy(turn: Turn, args: readonly string[]): Promise<void> {
  const { instances, plan } = await listOf(turn)
  const limit = plan.instancesMax
  const active = instances.filter((one) => one.status !== 'destroying' && one.status !== 'failed')
  if (active.length >= limit) return refuse(turn, { reason: 'instance-limit', limit, plan: plan.title }, { action: 'deploy' })
  await startDeploy(turn, args)
}

async function retry(turn: Turn, instanceId: string): Promise<void> {
  const row = await instanceById(turn.deps.db, instanceId)
  if (row === null || row.userId !== turn.actor.userId) return refuse(turn, { reason: 'nothing-to-retry' }, { action: 'retry' })
  await restoreDeploy(turn, { name: row.name, region: row.region, modelProvider: row.modelProvider, fromBackup: null })
}

async function rename(turn: Turn, args: readonly string[]): Promise<void> {
  const { instances } = await listOf(turn)
  const [first, ...rest] = args
  const isInstance = instances.some((one) => one.name === first || one.id === first)
  if (first === undefined || (isInstance && rest.length === 0)) {
    return withInstance(turn, { name: 'rename', args, needs: 'owner' }, (instance) => startRename(turn, instance))
  }
  const wanted = isInstance ? { instance: first, name: rest.join(' ') } : { name: args.join(' ') }
  const before = isInstance ? instances.find((one) => one.name === first || one.id === first) : instances[0]
  const done = await turn.deps.actions.perform('rename', wanted, turn.actor)
  if (!done.ok) {
    const rename = { action: 'rename', rest: [wanted.name], ...(before !== undefined && { instance: before.name }) }
    return refuse(turn, done, rename)
  }
  await show(turn, renamedView(before?.name ?? done.value.instance.name, done.value.instance.name))
}

async function logs(turn: Turn, args: readonly string[]): Promise<void> {
  const lines = Number(args.find((one) => /^\d{1,3}$/.test(one)) ?? LOG_LINES_SHOWN)
  const wanted = args.find((one) => !/^\d{1,3}$/.test(one))
  const read = await turn.deps.actions.perform('logs', { lines, ...(wanted !== undefined && { instance: wanted }) }, turn.actor)
  if (!read.ok) return refuse(turn, read, { action: 'logs', ...(await knownAs(turn, wanted)) })
  await show(turn, logsView({ ...read.value, handle: handleOf(read.value) }, { lines, timeZone: turn.timeZone }))
}
