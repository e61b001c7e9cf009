// What is asked in one go: a dialog where the platform has them. Where it has none, the conversation asks for one field after the other.
import { minuteOfDay } from '../../domain/alert-hours.ts'
import { timeZoneOf } from '../../domain/time-zones.ts'
import { t } from './language.ts'
import { keyForm } from './words/key-forms.ts'
import { noSuchZone, notATime } from './words/alerts.ts'

export type Field = {
  name: string
  /** At most 45 characters (Discord: the label of a text input). */
  label: string
  /** `long` has several lines. */
  kind: 'text' | 'long' | 'secret'
  placeholder?: string
  optional?: true
  /** What is wrong with a value, in a sentence without a character of it; null when nothing is. Pure: it decides before the form is let go. */
  problem(value: string): string | null
}
/** A title of at most 24 characters (Slack: a view's title), and at most five fields (Discord: the components of a modal). */
export type Form = { id: string; title: string; button: string; fields: readonly Field[] }

type Maker = (detail: string) => Form | null
const makers: Readonly<Record<string, Maker>> = {
  /** The secrets of one credential, or a variable: `token:slack`. */
  token: keyForm,
  text: () => one({ id: 'text', title: t`Your answer`, button: t`Type it` }, { label: t`Your answer`, kind: 'text' }),
  secret: () =>
    one(
      { id: 'secret', title: t`Paste it here`, button: t`Paste it` },
      { label: t`Key or token`, kind: 'secret', placeholder: t`Nobody sees it in the chat` },
    ),
  document: () => one({ id: 'document', title: t`Settings`, button: t`Paste them` }, { label: t`The settings as a whole`, kind: 'long' }),
  quiet: (detail) => ({
    id: detail === 'zone' ? 'quiet:zone' : 'quiet',
    title: t`Quiet hours`,
    button: t`Set quiet hours`,
    fields: [time('from', t`From`, '22:00'), time('to', t`To`, '7:00'), ...(detail === 'zone' ? [zoneField('zone')] : [])],
  }),
  'time-zone': () => ({ id: 'time-zone', title: t`Time zone`, button: t`Name a city`, fields: [zoneField('answer')] }),
}

function time(name: string, label: string, placeholder: string): Field {
  return { name, label, kind: 'text', placeholder, problem: (value) => (minuteOfDay(value) === null ? notATime() : null) }
}

function zoneField(name: string): Field {
  const problem = (value: string): string | null => (timeZoneOf(value) === null ? noSuchZone() : null)
  return { name, label: t`The city whose time your clock shows`, kind: 'text', placeholder: 'Berlin', problem }
}

function one(form: Omit<Form, 'fields'>, field: Omit<Field, 'name' | 'problem'>): Form {
  return { ...form, fields: [{ name: 'answer', problem: () => null, ...field }] }
}

/** The form of this id, `kind` or `kind:detail`, in the language of whom we talk to; null when there is none. */
export function formOf(id: string): Form | null {
  const [kind = '', ...detail] = id.split(':')
  return Object.hasOwn(makers, kind) ? (makers[kind]?.(detail.join(':')) ?? null) : null
}

/** The form that takes the answer to a view; null when it asks for none. */
export function formFor(view: { input?: 'text' | 'secret'; form?: string }): Form | null {
  return view.input === undefined ? null : formOf(view.form ?? view.input)
}

/** What is wrong with what was filled in, by the fields' names. */
export function problemsOf(form: Form, values: Readonly<Record<string, string>>): Record<string, string> {
  const wrong = form.fields.flatMap((field): [string, string][] => {
    const value = values[field.name]?.trim() ?? ''
    const problem = value === '' ? (field.optional === true ? null : t`Something must be put in here.`) : field.problem(value)
    return problem === null ? [] : [[field.name, problem]]
  })
  return Object.fromEntries(wrong)
}
