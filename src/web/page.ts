// The shell of every page: one small document without scripts, and the headers that keep it to itself.
import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import { CSS } from './style.ts'
import type { Language } from './words.ts'

export type Markup = ReturnType<typeof html>
export type Page = { language: Language; title: string; body: Markup; status?: PageStatus }
export type PageStatus = 200 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503

const MARK =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#e8694a" d="M16 3c7 0 12 5 12 11.500C28 22 22.500 29 16 29c-1.800 0-2.500-1.200-1.700-2.700 2.600-4.700 3.200-7.300 1.900-9.800-1-1.900-3-2.600-4.700-1.700-1.800 1-2.200 3.200-.9 5 .9 1.200.5 2.600-.9 3C6.400 23.800 4 20 4 15 4 8 9.300 3 16 3Z"/></svg>'
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
        <style>${raw(CSS)}</style>
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
