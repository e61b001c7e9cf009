// The shell of every page: one small document without scripts, and the headers that keep it to itself.
import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import { CSS } from './style.ts'
import type { Language } from '../domain/language.ts'

export type Markup = ReturnType<typeof html>
export type Page = { language: Language; title: string; body: Markup; status?: PageStatus }
export type PageStatus = 200 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503

/** A shell's spiral. */
const MARK =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="10" fill="#c2492a"/><path fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" d="M16.6 16.9c.6-1.300 2.600-.7 2.500 1-.200 2.400-3.500 3.200-5.300 1.500-2.600-2.400-1.500-7 2.200-8.100 4.900-1.400 9 2.900 8.100 7.700-.9 4.700-5.700 7.200-10.300 5.900-3.400-1-5.500-3.500-6.200-6.600"/></svg>'
/** In one piece: its hash is that of every character between the tags. */
const STYLE = `<style>${CSS}</style>`
/** No script, no frame, no other origin; the one style is known by its hash. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(CSS).digest('base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // The address of a page may be a secret: no other site learns where somebody came from.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
}
const YEAR_SECONDS = 365 * 86_400

/** Answers with a page. `secure`: browsers reach us over https, and are to keep to it. */
export async function answerPage(context: Context, page: Page, options: { secure: boolean; headers?: Record<string, string> }): Promise<Response> {
  const document = html`<!doctype html>
    <html lang="${page.language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · Conch</title>
        <link rel="icon" href="data:image/svg+xml,${raw(encodeURIComponent(MARK))}" />
        ${raw(STYLE)}
      </head>
      <body>
        <main>
          <p class="mark">${raw(MARK.replace('<svg ', '<svg aria-hidden="true" '))}<span>Conch</span></p>
          ${page.body}
        </main>
      </body>
    </html>`
  const secure = options.secure ? { 'strict-transport-security': `max-age=${YEAR_SECONDS}` } : {}
  return context.html(await document, page.status ?? 200, { ...HEADERS, ...secure, ...options.headers })
}
