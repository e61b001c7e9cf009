// Everything that we say, in German, by its English sentence: one file for each file of words.
import { account } from './german/account.ts'
import { accountRefusals } from './german/account-refusals.ts'
import { alerts } from './german/alerts.ts'
import { backups } from './german/backups.ts'
import { commands } from './german/commands.ts'
import { config } from './german/config.ts'
import { configProblems } from './german/config-problems.ts'
import { deploy } from './german/deploy.ts'
import { destroy } from './german/destroy.ts'
import { faces } from './german/faces.ts'
import { form } from './german/form.ts'
import { greeting } from './german/greeting.ts'
import { incidents } from './german/incidents.ts'
import { instance } from './german/instance.ts'
import { keyLink } from './german/key-link.ts'
import { keyProblems } from './german/key-problems.ts'
import { keyQuestions } from './german/key-questions.ts'
import { keys } from './german/keys.ts'
import { labels } from './german/labels.ts'
import { language } from './german/language.ts'
import { madeBots } from './german/made-bots.ts'
import { progress } from './german/progress.ts'
import { refusals } from './german/refusals.ts'
import { regions } from './german/regions.ts'
import { sharing } from './german/sharing.ts'
import { time } from './german/time.ts'
import { trouble } from './german/trouble.ts'
import { upgrades } from './german/upgrades.ts'
import { whatsapp } from './german/whatsapp.ts'

export const german: Readonly<Record<string, string>> = {
  ...account,
  ...accountRefusals,
  ...alerts,
  ...backups,
  ...commands,
  ...config,
  ...configProblems,
  ...deploy,
  ...destroy,
  ...faces,
  ...form,
  ...greeting,
  ...incidents,
  ...instance,
  ...keyLink,
  ...keyProblems,
  ...keyQuestions,
  ...keys,
  ...labels,
  ...language,
  ...madeBots,
  ...progress,
  ...refusals,
  ...regions,
  ...sharing,
  ...time,
  ...trouble,
  ...upgrades,
  ...whatsapp,
}
