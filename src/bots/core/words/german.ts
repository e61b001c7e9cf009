// Everything that we say, in German, by its English sentence: one file for each file of words.
import { alerts } from './german/alerts.ts'
import { faces } from './german/faces.ts'
import { form } from './german/form.ts'
import { incidents } from './german/incidents.ts'
import { keyLink } from './german/key-link.ts'
import { keyProblems } from './german/key-problems.ts'
import { keyQuestions } from './german/key-questions.ts'
import { keys } from './german/keys.ts'
import { language } from './german/language.ts'
import { madeBots } from './german/made-bots.ts'
import { sharing } from './german/sharing.ts'

export const german: Readonly<Record<string, string>> = {
  ...alerts,
  ...faces,
  ...form,
  ...incidents,
  ...keyLink,
  ...keyProblems,
  ...keyQuestions,
  ...keys,
  ...language,
  ...madeBots,
  ...sharing,
}
