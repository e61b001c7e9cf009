// The pages of the form for secrets: the form itself, that it worked, and why it does not go on.
import { html } from 'hono/html'
import type { Language } from '../domain/language.ts'
import type { Markup, Page, PageStatus } from './page.ts'
import type { AskedFor } from './secret-port.ts'
import { wordsOf } from './words.ts'

export type FormState = {
  language: Language
  name: string
  asked: AskedFor
  proof: string
  minutesLeft: number
  /** What kept the former answer from being saved: a problem per field, or that nothing could be saved at all. */
  failed: { kind: 'refused'; problems: ReadonlyMap<string, string>; triesLeft: number | null; anyway: boolean } | { kind: 'unavailable' } | null
}

/** The form. What was typed before is never in it. */
export function formPage(state: FormState): Page {
  const { language, name, asked, proof, minutesLeft, failed } = state
  const { form } = wordsOf(language)
  const title = form.title(asked.title, name)
  const problems = failed?.kind === 'refused' ? failed.problems : new Map<string, string>()
  const first = asked.fields.find((field) => problems.has(field.name)) ?? asked.fields[0]
  const body = html`<h1>${title}</h1>
    <p class="lead">${form.lead(name, asked.fields.length > 1)}</p>
    ${failed === null ? '' : notice(state)}
    <form method="post" autocomplete="off">
      <input type="hidden" name="proof" value="${proof}" />
      ${asked.fields.map((field) => fieldMarkup(field, { problem: problems.get(field.name), focus: field === first }))}
      ${failed?.kind === 'refused' && failed.anyway ? html`<label class="check"><input type="checkbox" name="anyway" value="yes" /><span>${form.anyway}</span></label>` : ''}
      <button type="submit">${form.save}</button>
    </form>
    <div class="small">
      <p>${form.minutes(minutesLeft)}</p>
      <p>${form.notYou}</p>
    </div>`
  const status: PageStatus = failed === null ? 200 : failed.kind === 'refused' ? 422 : 503
  return { language, title: failed === null ? title : `${form.failed.title}: ${title}`, body, status }
}

function notice({ language, failed }: FormState): Markup {
  const { form } = wordsOf(language)
  const { title, text } = failed?.kind === 'unavailable' ? form.unavailable : form.failed
  const left = failed?.kind === 'refused' && failed.triesLeft !== null ? form.triesLeft(failed.triesLeft) : ''
  return html`<div class="notice" role="alert">
    <p><strong>${title}.</strong> ${text} ${left}</p>
  </div>`
}

type Field = AskedFor['fields'][number]

function fieldMarkup({ name, label, hint }: Field, { problem, focus }: { problem: string | undefined; focus: boolean }): Markup {
  const id = `field-${name}`
  const about = [...(hint === null ? [] : [`${id}-hint`]), ...(problem === undefined ? [] : [`${id}-problem`])].join(' ')
  // The last three keep password managers from offering to keep what is not a password of this site.
  return html`<div class="field">
    <label for="${id}">${label}</label>
    ${hint === null ? '' : html`<p class="hint" id="${id}-hint">${hint}</p>`}
    <input
      id="${id}"
      name="${name}"
      type="password"
      required
      autocomplete="off"
      autocapitalize="none"
      autocorrect="off"
      spellcheck="false"
      ${about === '' ? '' : html`aria-describedby="${about}"`}
      ${problem === undefined ? '' : html`aria-invalid="true"`}
      ${focus ? html`autofocus` : ''}
      data-1p-ignore
      data-lpignore="true"
      data-bwignore
    />
    ${problem === undefined ? '' : html`<p class="problem" id="${id}-problem">${problem}</p>`}
  </div>`
}

const TICK = html`<svg
  aria-hidden="true"
  viewBox="0 0 32 32"
  fill="none"
  stroke="currentColor"
  stroke-width="2.5"
  stroke-linecap="round"
  stroke-linejoin="round"
>
  <circle cx="16" cy="16" r="13" />
  <path d="m10.500 16.500 4 4 7.500-8.500" />
</svg>`

/** It was saved. */
export function donePage(language: Language, saved: { asked: AskedFor; name: string; last4: ReadonlyMap<string, string> }): Page {
  const { done } = wordsOf(language)
  const { asked, name, last4 } = saved
  const shown = asked.fields.filter((field) => (last4.get(field.name) ?? '') !== '')
  const body = html`<h1 class="done">${TICK}<span>${done.title}</span></h1>
    <p>${done.stored(asked.title, name)}</p>
    ${
      shown.length === 0
        ? ''
        : html`<dl>
            ${shown.map(
              (field) =>
                html`<div>
                  <dt>${field.label}</dt>
                  <dd>…${last4.get(field.name) ?? ''}</dd>
                </div>`,
            )}
          </dl>`
    }
    <p class="lead">${done.close}</p>`
  return { language, title: done.title, body }
}

export type Ending = 'used' | 'expired' | 'worn' | 'gone' | 'unknown' | 'checking' | 'notOurs' | 'tooLarge' | 'tooMany' | 'starting' | 'broken'

const endings: Readonly<Record<Ending, PageStatus>> = {
  used: 410,
  expired: 410,
  worn: 410,
  gone: 410,
  unknown: 404,
  checking: 409,
  notOurs: 403,
  tooLarge: 413,
  tooMany: 429,
  starting: 503,
  broken: 500,
}

/** Why it does not go on, and what to do. `count` is what the ending speaks of: minutes or tries. */
export function endPage(language: Language, ending: Ending, options: { count?: number; status?: PageStatus } = {}): Page {
  const words = wordsOf(language)
  const entry = words[ending]
  const { title, text } = typeof entry === 'function' ? entry(options.count ?? 0) : entry
  // An empty address is this page's own: the form again, or what became of it.
  const again = ending === 'checking' ? html`<p><a class="action" href="">${words.checking.again}</a></p>` : ''
  const body = html`<h1>${title}</h1>
    <p class="lead">${text}</p>
    ${again}`
  return { language, title, body, status: options.status ?? endings[ending] }
}
