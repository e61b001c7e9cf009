// What the form for secrets needs from behind it: what to ask, and where the values go.
import type { Sealed } from '../lib/sealed.ts'
import type { Language } from './words.ts'

/** What the form of a credential asks for, in the reader's language. */
export type AskedFor = { title: string; fields: readonly { name: string; label: string; hint: string | null }[] }
export type Submission = { instanceId: string; userId: string; credential: string; language: Language; values: ReadonlyMap<string, Sealed> }
export type Submitted =
  /** The last characters of what each field held, which are all that may be shown again. */
  | { kind: 'done'; last4: ReadonlyMap<string, string> }
  /** What is wrong with which field, in words. */
  | { kind: 'refused'; problems: ReadonlyMap<string, string> }
  | { kind: 'gone' }
/** Where the values go. `submit` checks and stores them; it throws, without them, when whoever keeps them does not answer. */
export type SecretPort = {
  asked(credential: string, language: Language): AskedFor | null
  submit(submission: Submission): Promise<Submitted>
}
