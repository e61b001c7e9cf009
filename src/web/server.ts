// The small web server: what a browser and a load balancer see. Pages and the API grow here; it never holds state of its own.
import { createServer, type RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { ConchError } from '../lib/errors.ts'
import { answerPage } from './page.ts'
import { backupRoutes, type BackupPageDeps } from './backup-page.ts'
import type { Site } from './one-time-page.ts'
import { secretFormRoutes, type SecretFormDeps } from './secret-form.ts'
import { languageOfBrowser, wordsOf } from './words.ts'

export type WebServer = { address: string; close(): Promise<void> }

/** What the chat platforms call: a webhook that answers a Request, or a listener that takes a whole folder of paths. */
export type Webhook = { path: string; handler(request: Request): Promise<Response> }
export type Folder = { path: string; listener: RequestListener }
export type WebOptions = {
  port: number
  /** The address that browsers reach us under, when it is not this machine's own. */
  publicUrl: string | null
  ready: () => Promise<boolean>
  webhooks?: readonly Webhook[]
  folders?: readonly Folder[]
  /** Pages that take a secret around the chat, under /k/. */
  secretForm?: SecretFormDeps
  /** Pages that give out a backup, under /b/. */
  backups?: BackupPageDeps
}

function routes({ ready, webhooks = [], secretForm, backups }: WebOptions, site: Site): Hono {
  const app = new Hono()
  app.get('/', (context) => {
    const language = languageOfBrowser(context.req.header('accept-language'))
    const { title, text, running } = wordsOf(language).home
    const body = html`<h1>${title}</h1>
      <p>${text}</p>
      <p class="lead">${running}</p>`
    return answerPage(context, { language, title, body }, { secure: site.secure })
  })
  app.get('/livez', (context) => context.text('alive'))
  app.get('/readyz', async (context) => ((await ready()) ? context.text('ready') : context.text('the database does not answer', 503)))
  for (const { path, handler } of webhooks) app.post(path, (context) => handler(context.req.raw))
  if (secretForm !== undefined) app.route('/k', secretFormRoutes(secretForm, site))
  if (backups !== undefined) app.route('/b', backupRoutes(backups, site))
  return app
}

/**
 * Listens on `port` (0: any free one) of the loopback address, or of every address with a `publicUrl`.
 * Throws ConchError `web.port-in-use` when something else has it.
 */
export async function startWebServer(options: WebOptions): Promise<WebServer> {
  const { folders = [], publicUrl } = options
  let address = publicUrl ?? ''
  const site: Site = { address: () => address, secure: publicUrl?.startsWith('https:') === true }
  const pages = getRequestListener(routes(options, site).fetch)
  const server = createServer((request, response) => {
    const folder = folders.find((one) => request.url?.startsWith(`${one.path}/`) === true)
    const listener: RequestListener = folder?.listener ?? pages
    listener(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE'
      const message = busy
        ? `Port ${options.port} is in use by another program. Stop that one, or choose another port: PORT=${options.port + 1} npm start`
        : `The web address could not be opened: ${error.message}`
      reject(new ConchError(busy ? 'web.port-in-use' : 'web.listen', message, { cause: error }))
    })
    server.listen(options.port, publicUrl === null ? '127.0.0.1' : '::', resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port
  const own = `http://localhost:${port}`
  address = publicUrl ?? own
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { address: own, close }
}
