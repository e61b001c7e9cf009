// The way around the chat for keys: a link to a page that works once. The token is in the message and nowhere else.
import { z } from 'zod'
import type { Db } from '../../db/connect.ts'
import { instanceById } from '../../db/instances.ts'
import { addToSubject } from '../../db/one-time-tokens.ts'
import { secretsOf } from '../../db/secret-names.ts'
import { endWizard, wizardAt } from '../../db/wizards.ts'
import { credentialIdOf, credentialTitle, offeredCredentials, secretNamesOf } from './key-page.ts'
import { KEY_WIZARD } from './key-wizard.ts'
import { hasKeyPage, placeOf, show, type Turn } from './turn.ts'
import type { View } from './view.ts'
import { keyLinkUsedView, keyLinkView, noKeyPageView, whichKeyLinkView } from './words/key-link.ts'
import { privateOnlyView } from './words/greeting.ts'
import { refusalView } from './words/refusals.ts'

/** Answers with a link to the page that takes one credential of one assistant; asks which one when none is named. */
export async function answerKeyLink(turn: Turn, args: readonly string[]): Promise<void> {
  const { deps, actor } = turn
  if (turn.inbound.place === 'group') return void (await show(turn, privateOnlyView()))
  const { instance, credential } = wantedOf(args)
  if (!hasKeyPage(turn)) return void (await show(turn, noKeyPageView(instance)))
  if (credential === null) return askWhich(turn, instance)
  const named = instance === null ? {} : { instance }
  const made = await deps.actions.perform('set-key-link', { ...named, credential, language: turn.language }, actor)
  if (!made.ok) return void (await show(turn, refusalView(made, { action: 'set-key-link', rest: [credential], ...named })))
  const { link, token, minutes } = made.value
  const facts = { name: made.value.instance.name, title: credentialTitle(credential), minutes }
  const messageRef = await show(turn, keyLinkView({ ...facts, address: `${deps.info.webAddress ?? ''}/k/${token.open()}` }), { inPlace: true })
  if (messageRef !== null) await addToSubject(deps.db, link, { messageRef })
  await endQuestion(turn)
}

/** The page answers the question for a key that is open in the chat: what is said next is not taken for one. */
async function endQuestion(turn: Turn): Promise<void> {
  const session = await wizardAt(turn.deps.db, placeOf(turn))
  if (session?.kind === KEY_WIZARD) await endWizard(turn.deps.db, placeOf(turn), session.revision)
}

/** `my-claw anthropic`, or either of them alone. */
function wantedOf(args: readonly string[]): { instance: string | null; credential: string | null } {
  const last = credentialIdOf(args.at(-1) ?? '')
  if (last !== null) return { instance: args.length > 1 ? (args[0] ?? null) : null, credential: last }
  return { instance: args[0] ?? null, credential: null }
}

async function askWhich(turn: Turn, instance: string | null): Promise<void> {
  const found = await turn.deps.actions.perform('status', instance === null ? {} : { instance }, turn.actor)
  const asked = { action: 'set-key-link', ...(instance !== null && { instance }) }
  await show(turn, found.ok ? whichKeyLinkView(found.value.name, offeredCredentials()) : refusalView(found, asked))
}

const newsSchema = z.object({ instanceId: z.string(), credential: z.string() })

/** What came of a link: what the assistant holds now. Null when it is gone. */
export async function keyLinkNews(db: Db, { key, payload }: { key: string; payload: unknown }): Promise<View | null> {
  const { instanceId, credential } = newsSchema.parse(payload)
  const instance = await instanceById(db, instanceId)
  if (instance === null || instance.deleteRequestedAt !== null) return null
  const names = secretNamesOf(credential)
  const held = (await secretsOf(db, instanceId)).filter((secret) => names.includes(secret.name) && secret.last4 !== '')
  const last4 = held.map((secret) => secret.last4)
  return keyLinkUsedView({ key, name: instance.name, title: credentialTitle(credential), last4, stopped: instance.power === 'off' })
}
