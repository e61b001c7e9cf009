// Goes through the door of an assistant with a link from the chat: as a program, or as a browser where there is one and a page to see.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { Agent, fetch } from 'undici'
import { loopbackNames } from '../../src/lib/loopback.ts'

/** What was seen behind the door, in a sentence. Throws when the link does not open it, or opens it twice. */
export type Visit = (link: string) => Promise<string>

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path)) ?? null
const PATIENCE_MS = 60_000

/** Exchanges the link for a session, looks at the first page, and tries the link a second time. */
export async function visitByHand(link: string): Promise<string> {
  const { origin, hash } = new URL(link)
  const dispatcher = new Agent({ connect: { lookup: loopbackNames } })
  const enter = () => fetch(`${origin}/.conch/session`, { method: 'POST', body: JSON.stringify({ token: hash.slice(1) }), dispatcher })
  const opened = await enter()
  if (opened.status !== 200) throw new Error(`the link was refused: ${opened.status}`)
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? ''
  const [page, stranger, again] = [await fetch(origin, { headers: { cookie }, dispatcher }), await fetch(origin, { dispatcher }), await enter()]
  await dispatcher.destroy()
  if (page.status !== 200 || stranger.status !== 401 || again.status !== 401)
    throw new Error(`with the session ${page.status}, without ${stranger.status}, with the link again ${again.status}`)
  return `its page answers; without the link, and with the link once more, it says ${again.status}`
}

/** Opens the link in a headless browser and waits until the control page talks with its gateway. */
async function visitByBrowser(link: string): Promise<string> {
  const browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] })
  try {
    const page = await (await browser.newContext({ viewport: { width: 1_100, height: 750 } })).newPage()
    const connected = new Promise<string>((resolve) => {
      page.on('websocket', (socket) => {
        socket.on('framereceived', ({ payload }) => {
          if (String(payload).includes('"hello-ok"')) resolve(socket.url())
        })
      })
    })
    await page.goto(link)
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('its page did not connect')), PATIENCE_MS).unref())
    await Promise.race([connected, late])
    await page.waitForFunction(`document.title.includes('OpenClaw')`, null, { timeout: PATIENCE_MS })
    const title = await page.title()
    const again = await browser.newContext()
    const second = await again.newPage()
    await second.goto(link)
    await second.getByText('This link does not work any more').waitFor({ timeout: PATIENCE_MS })
    return `in a browser: "${title}", its WebSocket is connected; the link once more: "${await second.textContent('h1')}"`
  } finally {
    await browser.close()
  }
}

/** A browser for the real gateway's page, where there is a browser. */
export function visitFor(gateway: 'stub' | 'openclaw'): Visit {
  return gateway === 'openclaw' && CHROMIUM !== null ? visitByBrowser : visitByHand
}
