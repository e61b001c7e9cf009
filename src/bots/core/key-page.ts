// What stands behind the page that takes keys around the chat: what it asks for, in the reader's language, and the same action that a key pasted
// in the chat goes through. It keeps nothing.
import type { Actor } from '../../actions/action.ts'
import type { Actions } from '../../actions/perform.ts'
import { credentialNamed, credentialOf, credentials, shapesOf, variableNameProblem } from '../../domain/credentials.ts'
import type { Language } from '../../domain/language.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { ConchError } from '../../lib/errors.ts'
import type { Sealed } from '../../lib/sealed.ts'
import { inLanguage, t } from './language.ts'
import { plainStyle, styled } from './layout.ts'
import { secretTitle } from './words/key-problems.ts'
import { refusalText } from './words/refusals.ts'

type Asked = { title: string; fields: { name: string; label: string; hint: string | null }[] }
type Pasted = { instanceId: string; actor: Actor; language: Language; anyway: boolean; values: ReadonlyMap<string, Sealed> }
type Outcome =
  | { kind: 'done'; last4: ReadonlyMap<string, string> }
  | { kind: 'refused'; problems: ReadonlyMap<string, string>; anyway: boolean }
  | { kind: 'gone' }

/** The page's two questions to us: what to ask for, and what became of an answer. */
export function createKeyPage({ actions }: { actions: Actions }) {
  return {
    asked: (credential: string, language: Language): Asked | null => inLanguage(language, () => askedFor(credential)),
    async submit({ instanceId, actor, language, anyway, values }: Pasted): Promise<Outcome> {
      const set = await actions.perform('set-key', { instance: instanceId, values: Object.fromEntries(values), anyway }, actor)
      if (set.ok) return { kind: 'done', last4: new Map(set.value.keys.map((key) => [key.name, key.last4])) }
      return inLanguage(language, () => refused(set, [...values.keys()]))
    },
  }
}

/** The id of what a word names: a credential, or a variable of the owner's own by its exact name; null for any other word. */
export function credentialIdOf(word: string): string | null {
  return credentialNamed(word)?.id ?? (variableNameProblem(word) === null ? word : null)
}

/** What a page can be offered for by name. */
export function offeredCredentials(): { id: string; title: string }[] {
  return credentials.map(({ id, title }) => ({ id, title }))
}

/** What a credential is called, be it a variable of the owner's own. */
export function credentialTitle(id: string): string {
  const credential = credentialOf(id)
  const [only, ...others] = credential?.secrets ?? []
  return only !== undefined && others.length === 0 ? secretTitle(only) : (credential?.title ?? id)
}

/** The variables that a credential is kept in: those of the catalogue, or one of the owner's own. */
export function secretNamesOf(id: string): readonly string[] {
  return credentialOf(id)?.secrets ?? [id]
}

function askedFor(id: string): Asked | null {
  const credential = credentialOf(id)
  if (credential !== undefined) {
    const fields = shapesOf(credential).map(({ name, looksLike }) => ({ name, label: secretTitle(name), hint: t`It looks like ${looksLike}` }))
    return { title: credentialTitle(id), fields }
  }
  return variableNameProblem(id) === null ? { title: id, fields: [{ name: id, label: id, hint: null }] } : null
}

/** Whose assistant it is may have changed since the link was made. */
const GONE: readonly Refusal['reason'][] = ['no-instance', 'unknown-instance', 'not-allowed', 'being-destroyed']
const ANYWAY: readonly Refusal['reason'][] = ['key-unreachable', 'key-intents']

function refused(refusal: Refusal, names: readonly string[]): Outcome {
  if (refusal.reason === 'private-only' || GONE.includes(refusal.reason)) return { kind: 'gone' }
  if (refusal.reason === 'secret-store-unavailable') throw new ConchError('key-page.store', 'the store of secrets did not answer')
  const at = 'name' in refusal && names.includes(refusal.name) ? refusal.name : (names[0] ?? '')
  const problem = styled(refusalText(refusal, { action: 'set-key' }), plainStyle)
  return { kind: 'refused', problems: new Map([[at, problem]]), anyway: ANYWAY.includes(refusal.reason) }
}
