import { z } from 'zod'
import { setLanguage } from '../db/users.ts'
import { languages, type Language } from '../domain/language.ts'
import { ok } from '../domain/refusal.ts'
import type { ChangeAction } from './action.ts'

const input = z.object({ language: z.enum(languages) })

/** Which language the person is talked to in, in all their chats. */
export const language: ChangeAction<typeof input, { language: Language }> = {
  name: 'language',
  summary: 'Talk English or German',
  words: ['language'],
  input,
  scope: 'operate',
  confirm: 'none',
  async run({ db: tx, actor }, wanted) {
    await setLanguage(tx, actor.userId, wanted.language)
    return ok(wanted)
  },
}
