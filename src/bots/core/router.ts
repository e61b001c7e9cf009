// The conversation core: what people write and press becomes actions, and what comes of it becomes views. Every face feeds it the same way.
// It must never know a platform, call a provider, or keep a secret: faces send and receive, actions change, words/ holds what is said.
import { acceptOnce } from '../../db/inbox.ts'
import { userFor } from '../../db/users.ts'
import { languageOf } from '../../domain/language.ts'
import { holdsKey } from '../../domain/model-providers.ts'
import { assertNever } from '../../lib/errors.ts'
import { randomId } from '../../lib/random.ts'
import { answerCommand, commandNames, greet, listOf, pressVerbs } from './answers.ts'
import { openButton } from './buttons.ts'
import { typedOf } from './commands.ts'
import {
  answerConversation,
  answerWithBot,
  answerWithFile,
  answerWithForm,
  askAgain,
  endConversation,
  pressConversation,
  type FilledForm,
} from './conversation.ts'
import type { Face, Inbound } from './face.ts'
import { invitationOf } from './invite.ts'
import type { BotMade } from './key-wizard.ts'
import { inLanguage, t } from './language.ts'
import { belongsInRoom, isOverheard } from './rooms.ts'
import { deleteTheirs, show, tell, type RouterDeps, type Turn } from './turn.ts'
import { button, type Press } from './view.ts'
import { hintView, privateOnlyView } from './words/greeting.ts'
import { botUnaskedView, botWithoutTokenView } from './words/made-bots.ts'
import { brokenView, deadButtonView, strayKeyView } from './words/trouble.ts'

export type Router = {
  /** Handles what came in, once, after everything that the same person sent before. It does not throw: what breaks is said to the person. */
  handle(inbound: Inbound, face: Face): Promise<void>
}

export function createRouter(deps: RouterDeps): Router {
  // One queue a person: their messages keep their order, and nobody waits for anybody else.
  const queues = new Map<string, Promise<void>>()
  return {
    handle(inbound, face) {
      const person = `${inbound.provider}:${inbound.subject}`
      const turn = (queues.get(person) ?? Promise.resolve()).then(() => handleOnce(deps, inbound, face))
      const last = turn.finally(() => {
        if (queues.get(person) === last) queues.delete(person)
      })
      queues.set(person, last)
      return last
    },
  }
}

async function handleOnce(deps: RouterDeps, inbound: Inbound, face: Face): Promise<void> {
  let turn: Turn | null = null
  try {
    if (!(await acceptOnce(deps.db, { source: inbound.provider, eventId: inbound.id }))) return
    const own = await turnOf(deps, inbound, face)
    turn = own
    await inLanguage(own.language, () => dispatch(own))
  } catch (error) {
    const reference = randomId(6)
    deps.log.error({ err: error, reference, chat: inbound.chat, kind: inbound.kind }, 'something that came in could not be handled')
    await inLanguage(turn?.language ?? 'en', () => apologise(turn, reference)).catch((failure: unknown) =>
      deps.log.error({ err: failure, reference }, 'the person could not be told'),
    )
  }
}

async function turnOf(deps: RouterDeps, inbound: Inbound, face: Face): Promise<Turn> {
  const { provider, subject, displayName, chat } = inbound
  const rooms = inbound.rooms ?? []
  // Where everybody reads along, what was asked there is told there.
  const place = isOverheard(inbound, face) ? ({ chat: rooms[0]?.address ?? chat, overheard: true } as const) : { chat }
  const hints = { timeZone: inbound.timeZone ?? null, language: languageOf(inbound.language) }
  const known = await userFor(deps.db, { provider, subject, displayName, chat, ...hints })
  const actor = { provider, subject, userId: known.userId, rooms: rooms.map((room) => room.id), ...place }
  const spoken = known.language ?? hints.language ?? 'en'
  return { deps, face, inbound, actor, timeZone: known.timeZone ?? hints.timeZone, language: spoken, isNew: known.isNew, answers: { count: 0 } }
}

async function apologise(turn: Turn | null, reference: string): Promise<void> {
  if (turn === null) return
  const { inbound } = turn
  const typed = inbound.kind === 'text' && !holdsKey(inbound.text) ? typedOf(inbound.text, commandNames) : null
  if (typed?.kind !== 'command') return void (await show(turn, brokenView(null, reference, null)))
  await show(turn, brokenView(`/${typed.name}`, reference, button(t`Try again`, typed.name, ...typed.args)))
}

async function dispatch(turn: Turn): Promise<void> {
  const { inbound } = turn
  switch (inbound.kind) {
    case 'start':
      return open(turn)
    case 'press': {
      const opened = await openButton(turn.deps.db, inbound.button, inbound)
      return opened.kind === 'press' ? press(turn, opened.press) : tell(turn, deadButtonView(opened.why))
    }
    case 'text':
      return text(turn, inbound.text)
    case 'file':
      return (await answerWithFile(turn, inbound.file)) ? undefined : text(turn, inbound.text)
    case 'form':
      return form(turn, inbound)
    case 'bot-created':
      return botMade(turn, inbound)
    default:
      return assertNever(inbound)
  }
}

/** Somebody opens their chat with us: what they were asked is asked again. */
async function open(turn: Turn): Promise<void> {
  if (!(await askAgain(turn))) await greet(turn)
}

async function press(turn: Turn, { verb, args }: Press): Promise<void> {
  if (verb === 'w') return pressConversation(turn, args)
  if (!pressVerbs.includes(verb)) return tell(turn, deadButtonView('unknown'))
  if (turn.actor.overheard === true && !belongsInRoom(verb)) return tell(turn, privateOnlyView())
  await answerCommand(turn, verb, args)
}

async function text(turn: Turn, words: string): Promise<void> {
  const typed = typedOf(words, commandNames)
  const asked = words.trim().startsWith('/')
  if (turn.actor.overheard === true) return overheard(turn, words)
  const code = invitationOf(turn.inbound)
  if (code !== null) {
    await turn.deps.actions.perform('accept-invite', { code }, turn.actor)
    return open(turn)
  }
  if (asked && holdsKey(words)) return void (await show(turn, strayKeyView(await deleteTheirs(turn))))
  if (!asked && (await answerConversation(turn, words))) return
  if (typed.kind === 'command') return answerCommand(turn, typed.name, typed.args)
  if (holdsKey(words)) return void (await show(turn, strayKeyView(await deleteTheirs(turn))))
  if (turn.isNew) return greet(turn)
  await show(turn, hintView((await listOf(turn)).instances.length > 0))
}

/** A form outlives the question that opened it: its answer counts only while that is asked. */
async function form(turn: Turn, filled: FilledForm): Promise<void> {
  if (!(await answerWithForm(turn, filled))) await endConversation(turn)
}

/** The token of a bot that comes when none was asked for must not be taken for the answer to something else. */
async function botMade(turn: Turn, made: BotMade): Promise<void> {
  if (await answerWithBot(turn, made)) return
  await show(turn, made.token === null ? botWithoutTokenView(made.username, 'later') : botUnaskedView(made.username))
}

/** Words that everybody reads: what has its place there is answered there, and what has not is led into private. */
async function overheard(turn: Turn, words: string): Promise<void> {
  if (holdsKey(words)) return void (await show(turn, strayKeyView(await deleteTheirs(turn))))
  const typed = typedOf(words, commandNames)
  if (!words.trim().startsWith('/')) {
    // In a group most words are not for us.
    if (!(await answerConversation(turn, words)) && typed.kind === 'command' && typed.name === 'help') await answerCommand(turn, 'help', [])
    return
  }
  // Alone it opens a conversation, which is not had here.
  const opens = typed.kind === 'command' && typed.name === 'start' && (typed.args.length === 0 || invitationOf(turn.inbound) !== null)
  if (typed.kind !== 'command' || opens || !belongsInRoom(typed.name)) return void (await show(turn, privateOnlyView()))
  await answerCommand(turn, typed.name, typed.args)
}
