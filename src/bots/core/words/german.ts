// Everything that we say, in German, by its English sentence: one file for each file of words.
import { alerts } from './german/alerts.ts'
import { faces } from './german/faces.ts'
import { form } from './german/form.ts'
import { incidents } from './german/incidents.ts'
import { language } from './german/language.ts'

export const german: Readonly<Record<string, string>> = { ...alerts, ...faces, ...form, ...incidents, ...language }
