// What the form for secrets needs from behind it: what to ask, and where the values go.
import type { Actor } from '../actions/action.ts'
import type { Language } from '../domain/language.ts'
import type { Sealed } from '../lib/sealed.ts'

/** What the form of a credential asks for, in the reader's language. */
export type AskedFor = { title: string; fields: readonly { name: string; label: string; hint: string | null }[] }
/** `actor` is who asked for the link, from where. */
export type Submission = {
  instanceId: string
  actor: Actor
  credential: string
  language: Language
  anyway: boolean
  values: ReadonlyMap<string, Sealed>
}
export type Submitted =
  /** The last characters of what each field held, which are all that may be shown again. */
  | { kind: 'done'; last4: ReadonlyMap<string, string> }
  /** What is wrong with which field, in words; `anyway`: it is taken all the same when the person says so. */
  | { kind: 'refused'; problems: ReadonlyMap<string, string>; anyway: boolean }
  | { kind: 'gone' }
/** Where the values go. `submit` checks and stores them; it throws, without them, when whoever keeps them does not answer. */
export type SecretPort = {
  asked(credential: string, language: Language): AskedFor | null
  submit(submission: Submission): Promise<Submitted>
}
