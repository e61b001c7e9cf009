// Gives a backup out: a page that shows what it is, and one download of it. Looking uses nothing up, since chats open every link for its preview;
// the download that has begun uses the link up, also when it is cut off: another link is asked for in the chat, where its owner is known.
import { Readable } from 'node:stream'
import { Hono, type Context } from 'hono'
import { html } from 'hono/html'
import { z } from 'zod'
import { backupById, type Backup } from '../db/backups.ts'
import type { Db } from '../db/connect.ts'
import { consumeToken, holdToken, lookAtToken, releaseToken, type OneTimeLink } from '../db/one-time-tokens.ts'
import { BACKUP_LINK } from '../domain/backups.ts'
import { languages, type Language } from '../domain/language.ts'
import type { Log } from '../lib/log.ts'
import type { Sealed } from '../lib/sealed.ts'
import { browserLanguage, missed, MISSES_MINUTES, proofOf, proves, seenToken, type Site } from './one-time-page.ts'
import { answerPage, type Page } from './page.ts'
import { readPost } from './post.ts'
import { endPage } from './secret-pages.ts'
import { wordsOf } from './words.ts'

export type BackupPageDeps = {
  db: Db
  log: Log
  /** The archive of a backup; null when there is none. */
  open: (id: string) => Promise<{ archive: Readable; bytes: number } | null>
}
type Deps = BackupPageDeps & { site: Site }

const subjectSchema = z.object({ backupId: z.string(), language: z.enum(languages) })

/** The pages under /b/<token>. */
export function backupRoutes(deps: BackupPageDeps, site: Site): Hono {
  const all: Deps = { ...deps, site }
  const app = new Hono()
  app.get('/:token', (context) => answered(all, context, () => look(all, context)))
  app.post('/:token', (context) => answered(all, context, () => give(all, context)))
  app.all('/*', (context) => answered(all, context, async () => endPage(browserLanguage(context), 'unknown')))
  return app
}

/** Of what breaks, the log gets the error and nothing of the call: its address is a secret. */
async function answered({ log, site }: Deps, context: Context, work: () => Promise<Page | Response>): Promise<Response> {
  try {
    const page = await work()
    if (page instanceof Response) return page
    const headers = page.status === 429 ? { 'retry-after': String(MISSES_MINUTES * 60) } : {}
    return await answerPage(context, page, { secure: site.secure, headers })
  } catch (error) {
    log.error({ err: error }, 'a page for a backup could not be shown')
    return answerPage(context, endPage(browserLanguage(context), 'broken'), { secure: site.secure })
  }
}

type Open = { link: OneTimeLink; backup: Backup; language: Language; token: Sealed }

async function open(deps: Deps, context: Context): Promise<Open | Page> {
  const { token, seen } = await seenToken(deps.db, context, BACKUP_LINK.purpose)
  if (seen.kind === 'unknown') return missed(deps, context)
  const { link } = seen
  const { backupId, language } = subjectSchema.parse(link.subject)
  if (seen.kind !== 'good') return over(language, seen.kind)
  const backup = await backupById(deps.db, backupId)
  // Accounts come together and go apart: it must still be theirs.
  if (backup === null || backup.state !== 'done' || backup.userId !== link.userId) return over(language, 'gone')
  return { link, backup, language, token }
}

function over(language: Language, ending: 'used' | 'expired' | 'gone'): Page {
  const { download } = wordsOf(language)
  const { title, text } = ending === 'expired' ? download.expired(BACKUP_LINK.minutes) : download[ending]
  return {
    language,
    title,
    body: html`<h1>${title}</h1>
      <p class="lead">${text}</p>`,
    status: 410,
  }
}

async function look(deps: Deps, context: Context): Promise<Page> {
  const opened = await open(deps, context)
  if (!('link' in opened)) return opened
  const { link, backup, language, token } = opened
  const { download } = wordsOf(language)
  const title = download.title(backup.instanceName)
  const body = html`<h1>${title}</h1>
    <p class="lead">${download.lead(momentOf(backup.createdAt, language), sizeOf(backup.bytes ?? 0, language))}</p>
    <p>${download.holds}</p>
    <form method="post" autocomplete="off">
      <input type="hidden" name="proof" value="${proofOf(token)}" />
      <button type="submit">${download.button}</button>
    </form>
    <div class="small"><p>${download.minutes(Math.ceil(link.endsInSeconds / 60))}</p></div>`
  return { language, title, body }
}

function momentOf(at: Date, language: Language): string {
  const tag = language === 'en' ? 'en-GB' : language
  return new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at).concat(' UTC')
}

function sizeOf(bytes: number, language: Language): string {
  const [unit, size] = bytes < 1_000_000 ? ['kilobyte', bytes / 1_000] : ['megabyte', bytes / 1_000_000]
  return new Intl.NumberFormat(language, { style: 'unit', unit: String(unit), maximumFractionDigits: 1 }).format(Number(size))
}

async function give(deps: Deps, context: Context): Promise<Page | Response> {
  const post = await readPost(context.req.raw, deps.site.address())
  if (post.kind !== 'read') return endPage(browserLanguage(context), 'notOurs')
  const opened = await open(deps, context)
  if (!('link' in opened)) return opened
  const { link, backup, language, token } = opened
  if (!proves(token, post.fields.get('proof') ?? '')) return endPage(language, 'notOurs')
  const hold = await holdToken(deps.db, link.id, BACKUP_LINK.triesMax)
  if (hold === null) return beaten(deps, opened)
  const kept = await deps.open(backup.id)
  if (kept === null) {
    await releaseToken(deps.db, { id: link.id, hold, refused: false })
    deps.log.error({ backup: backup.id }, 'the archive of a backup is missing')
    return over(language, 'gone')
  }
  if (!(await consumeToken(deps.db, { id: link.id, hold }))) {
    kept.archive.destroy()
    return over(language, 'used')
  }
  return new Response(Readable.toWeb(kept.archive) as ReadableStream<Uint8Array>, {
    headers: {
      'content-type': 'application/gzip',
      'content-length': String(kept.bytes),
      'content-disposition': `attachment; filename="${backup.instanceName}-${backup.createdAt.toISOString().slice(0, 10)}.tar.gz"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
    },
  })
}

/** Another press came first. */
async function beaten({ db }: Deps, { language, token }: Open): Promise<Page> {
  const seen = await lookAtToken(db, token, BACKUP_LINK.purpose)
  return over(language, seen.kind === 'expired' ? 'expired' : 'used')
}
