// The way around the chat for secrets: a page that works once, for a few minutes, and takes what no chat log is to hold. It shows what is asked,
// checks that an answer comes from its own page, and hands it on sealed. It must never keep a value: not in a row, a log line, an error or a page.
// What opens a page is the token in its address alone (see db/one-time-tokens.ts); who reads it is whoever the link was given to.
import { Hono, type Context } from 'hono'
import type { Db } from '../db/connect.ts'
import { instanceById } from '../db/instances.ts'
import { consumeToken, holdToken, lookAtToken, releaseToken, type OneTimeLink } from '../db/one-time-tokens.ts'
import { announce } from '../db/outbox.ts'
import { keyLinkSchema, KEY_LINK, type KeyLink } from '../domain/key-link.ts'
import { assertNever } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { Sealed } from '../lib/sealed.ts'
import { browserLanguage, missed, MISSES_MINUTES, proofOf, proves, seenToken, type Site } from './one-time-page.ts'
import { answerPage, type Page } from './page.ts'
import { readPost } from './post.ts'
import { donePage, endPage, formPage, type Ending, type FormState } from './secret-pages.ts'
import type { SecretPort, Submitted } from './secret-port.ts'
import { wordsOf } from './words.ts'

export type SecretFormDeps = {
  db: Db
  log: Log
  /** Null as long as the program is starting. */
  port: () => SecretPort | null
  /** Something was announced. */
  announced: () => void
}

type Deps = SecretFormDeps & { site: Site }

/** The pages under /k/<token>. */
export function secretFormRoutes(deps: SecretFormDeps, site: Site): Hono {
  const all: Deps = { ...deps, site }
  const app = new Hono()
  // HEAD is answered as GET without its body: neither uses anything up.
  app.get('/:token', (context) => answered(all, context, () => look(all, context)))
  app.post('/:token', (context) => answered(all, context, () => take(all, context)))
  app.all('/*', (context) => answered(all, context, async () => endPage(browserLanguage(context), 'unknown')))
  return app
}

/** Every way out is a page, with the same headers. Of what breaks, the log gets the error and nothing of the call: its address is a secret. */
async function answered({ log, site }: Deps, context: Context, work: () => Promise<Page>): Promise<Response> {
  try {
    const page = await work()
    const headers = page.status === 429 ? { 'retry-after': String(MISSES_MINUTES * 60) } : {}
    return await answerPage(context, page, { secure: site.secure, headers })
  } catch (error) {
    log.error({ err: error }, 'a page for secrets could not be shown')
    return answerPage(context, endPage(browserLanguage(context), 'broken'), { secure: site.secure })
  }
}

/** A link that can be answered, with everything that its page shows. */
type Open = { link: OneTimeLink; about: KeyLink; port: SecretPort; token: Sealed; state: Omit<FormState, 'failed'> }

async function look(deps: Deps, context: Context): Promise<Page> {
  const opened = await open(deps, context)
  return 'link' in opened ? formPage({ ...opened.state, failed: null }) : opened
}

async function open(deps: Deps, context: Context): Promise<Open | Page> {
  const { db } = deps
  const port = deps.port()
  if (port === null) return endPage(browserLanguage(context), 'starting')
  const { token, seen } = await seenToken(db, context, KEY_LINK.purpose)
  if (seen.kind === 'unknown') return missed(deps, context)
  const { link } = seen
  const about = keyLinkSchema.parse(link.subject)
  const { language } = about
  if (seen.kind === 'used') return endPage(language, 'used')
  if (link.tries >= KEY_LINK.triesMax) return endPage(language, 'worn', { count: KEY_LINK.triesMax })
  if (seen.kind === 'expired') return endPage(language, 'expired', { count: KEY_LINK.minutes })
  const instance = await instanceById(db, about.instanceId)
  const asked = port.asked(about.credential, language)
  if (instance === null || instance.userId !== link.userId || instance.deleteRequestedAt !== null || asked === null) return endPage(language, 'gone')
  const minutesLeft = Math.ceil(link.endsInSeconds / 60)
  return { link, about, port, token, state: { language, name: instance.name, asked, proof: proofOf(token), minutesLeft } }
}

async function take(deps: Deps, context: Context): Promise<Page> {
  const post = await readPost(context.req.raw, deps.site.address())
  // Not read, or not from us: nothing of it is looked at, the link included.
  if (post.kind !== 'read') {
    const ending: Readonly<Record<typeof post.kind, Ending>> = { 'not-ours': 'notOurs', 'not-a-form': 'notOurs', 'too-large': 'tooLarge' }
    return endPage(browserLanguage(context), ending[post.kind], post.kind === 'not-a-form' ? { status: 415 } : {})
  }
  const opened = await open(deps, context)
  if (!('link' in opened)) return opened
  if (!proves(opened.token, post.fields.get('proof') ?? '')) return endPage(opened.state.language, 'notOurs')
  return answer(deps, opened, post.fields)
}

async function answer(deps: Deps, opened: Open, fields: URLSearchParams): Promise<Page> {
  const { link, about, state } = opened
  const { language } = state
  const values = new Map(state.asked.fields.map(({ name }) => [name, new Sealed(fields.get(name)?.trim() ?? '')]))
  const { empty } = wordsOf(language).form
  const missing = new Map([...values].filter(([, value]) => value.open() === '').map(([name]) => [name, empty]))
  if (missing.size > 0) return formPage({ ...state, failed: { kind: 'refused', problems: missing, triesLeft: null, anyway: false } })
  const hold = await holdToken(deps.db, link.id, KEY_LINK.triesMax)
  if (hold === null) return beaten(deps, opened)
  const held = { id: link.id, hold }
  let submitted: Submitted
  try {
    const actor = { ...about.actor, userId: link.userId }
    const anyway = fields.get('anyway') === 'yes'
    submitted = await opened.port.submit({ instanceId: about.instanceId, actor, credential: about.credential, language, anyway, values })
  } catch (error) {
    deps.log.warn({ err: error, instance: about.instanceId }, 'a secret from a page could not be handed over')
    await releaseToken(deps.db, { ...held, refused: false })
    return formPage({ ...state, failed: { kind: 'unavailable' } })
  }
  return settle(deps, { opened, held, submitted })
}

type Settling = { opened: Open; held: { id: string; hold: string }; submitted: Submitted }

async function settle(deps: Deps, { opened, held, submitted }: Settling): Promise<Page> {
  const { about, link, state } = opened
  const { language, name, asked } = state
  switch (submitted.kind) {
    case 'done':
      await deps.db.transaction(async (tx) => {
        // False only when the hold was lost to a long silence of the provider: the value is there all the same, and is announced once a link.
        await consumeToken(tx, held)
        const payload = { instanceId: about.instanceId, credential: about.credential }
        const { actor, messageRef } = about
        const chat = { provider: actor.provider, address: actor.chat }
        await announce(tx, { userId: link.userId, chat, key: `key-link:${link.id.slice(0, 16)}`, template: 'key-set', payload, messageRef })
      })
      deps.announced()
      return donePage(language, { asked, name, last4: submitted.last4 })
    case 'refused': {
      await releaseToken(deps.db, { ...held, refused: true })
      const triesLeft = KEY_LINK.triesMax - link.tries - 1
      if (triesLeft <= 0) return endPage(language, 'worn', { count: KEY_LINK.triesMax })
      return formPage({ ...state, failed: { ...submitted, triesLeft } })
    }
    case 'gone':
      await releaseToken(deps.db, { ...held, refused: false })
      return endPage(language, 'gone')
    default:
      return assertNever(submitted)
  }
}

/** Another answer to the same link came first: it is being checked, or has used the link up. */
async function beaten({ db }: Deps, { token, state }: Open): Promise<Page> {
  const seen = await lookAtToken(db, token, KEY_LINK.purpose)
  if (seen.kind === 'used' || seen.kind === 'expired') return endPage(state.language, seen.kind, { count: KEY_LINK.minutes })
  return endPage(state.language, 'checking')
}
