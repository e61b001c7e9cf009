// The small web server: what a browser and a load balancer see. Pages and the API grow here; it never holds state of its own.
import { createServer, type RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { ConchError } from '../lib/errors.ts'

export type WebServer = { address: string; close(): Promise<void> }

const page = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Conch</title>
<style>:root{color-scheme:light dark}body{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}</style>
<h1>Conch</h1><p>I set up and look after your own OpenClaw: an assistant that lives in your chats and never sleeps.</p>
<p>I am running. Talk to me in the terminal in which you started me: say <strong>/deploy</strong>.</p></html>`

/** What the chat platforms call: a webhook that answers a Request, or a listener that takes a whole folder of paths. */
export type Webhook = { path: string; handler(request: Request): Promise<Response> }
export type Folder = { path: string; listener: RequestListener }
export type WebOptions = {
  port: number
  publicly: boolean
  ready: () => Promise<boolean>
  webhooks?: readonly Webhook[]
  folders?: readonly Folder[]
}

function routes({ ready, webhooks = [] }: WebOptions): Hono {
  const app = new Hono()
  app.get('/', (context) =>
    context.html(page, 200, {
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    }),
  )
  app.get('/livez', (context) => context.text('alive'))
  app.get('/readyz', async (context) => ((await ready()) ? context.text('ready') : context.text('the database does not answer', 503)))
  for (const { path, handler } of webhooks) app.post(path, (context) => handler(context.req.raw))
  return app
}

/**
 * Listens on `port` (0: any free one) of the loopback address, or of every address when `publicly`.
 * Throws ConchError `web.port-in-use` when something else has it.
 */
export async function startWebServer(options: WebOptions): Promise<WebServer> {
  const { folders = [] } = options
  const pages = getRequestListener(routes(options).fetch)
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
    server.listen(options.port, options.publicly ? '::' : '127.0.0.1', resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { address: `http://localhost:${port}`, close }
}
