// A real browser: Debian's Chromium, without scripts, as careful people and old phones have it. Null where there is none.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext } from 'playwright-core'

const PLACES = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
/** Without these, Chromium asks for updates and calls home; root may not use its sandbox. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const chromiumPath: string | null = PLACES.find((place) => place !== '' && existsSync(place)) ?? null

export type Browser = {
  page(look: Look, work: (page: Awaited<ReturnType<BrowserContext['newPage']>>) => Promise<void>): Promise<void>
  close(): Promise<void>
}
export type Look = { width: number; height: number; colorScheme: 'light' | 'dark'; javaScriptEnabled: boolean; locale?: string }

export async function startBrowser(): Promise<Browser> {
  const home = mkdtempSync(join(tmpdir(), 'conch-chromium-'))
  const browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: [...ARGS, `--disk-cache-dir=${home}`], env: { HOME: home } })
  return {
    async page({ width, height, ...look }, work) {
      const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: 2, ...look })
      try {
        await work(await context.newPage())
      } finally {
        await context.close()
      }
    },
    async close() {
      await browser.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
