import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresDatabases } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { chromiumPath, startBrowser, type Browser, type Look } from './support/browser.ts'
import { openSite, type Site } from './support/site.ts'

const KEY = `sk-ant-api03-${'q'.repeat(60)}x4Qe`
const NAME = 'ANTHROPIC_API_KEY'
/** Where pictures of every page go, when somebody wants to look at them. */
const SHOTS = process.env['CONCH_SHOTS'] ?? ''

const looks: (Look & { name: string })[] = [
  { name: 'phone-light', width: 390, height: 844, colorScheme: 'light', javaScriptEnabled: false },
  { name: 'phone-dark', width: 390, height: 844, colorScheme: 'dark', javaScriptEnabled: false },
  { name: 'desktop-light', width: 1_280, height: 800, colorScheme: 'light', javaScriptEnabled: false },
  { name: 'desktop-dark', width: 1_280, height: 800, colorScheme: 'dark', javaScriptEnabled: false },
]

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === '') return
  mkdirSync(SHOTS, { recursive: true })
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
}

/** Nothing is wider than the screen, and what is touched is large enough for a thumb. */
async function fits(page: Page): Promise<void> {
  const { width } = page.viewportSize() ?? { width: 0 }
  const boxes = async (parts: string) => Promise.all((await page.locator(parts).all()).map((part) => part.boundingBox()))
  const right = (await boxes('body *:visible')).map((box) => (box?.x ?? 0) + (box?.width ?? 0))
  expect(Math.max(...right)).toBeLessThanOrEqual(width + 0.5)
  const heights = (await boxes('label.check:visible, input:not([type=checkbox]):visible, button:visible, a.action:visible')).map(
    (box) => box?.height ?? 0,
  )
  expect(Math.min(48, ...heights)).toBe(48)
}

// Said where it is seen: a run without a browser proves less.
if (chromiumPath === null)
  process.stdout.write('skipped: there is no Chromium here (apt-get install chromium), so the page was not opened in a browser\n')

describe.skipIf(chromiumPath === null)('the page for secrets in a browser', { timeout: 60_000 }, async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  let browser: Browser
  beforeAll(async () => {
    ;[machines, browser] = await Promise.all([startMachines(), startBrowser()])
  })
  afterAll(async () => {
    await browser.close()
    await machines.close()
  })
  const begin = async (): Promise<Site> => openSite(await open(), machines)

  test.each(looks.filter(({ name }) => name === 'phone-light' || name === 'desktop-dark'))(
    'is filled in, refused, mended and done without scripts: $name',
    async ({ name, ...look }) => {
      const site = await begin()
      const { url } = await site.link()
      site.vault.next = [
        {
          kind: 'refused',
          problems: new Map([[NAME, 'Anthropic does not know this key. Copy it once more: it is shown only when it is made.']]),
          anyway: false,
        },
      ]
      await browser.page(look, async (page) => {
        const said: string[] = []
        // That an answer is no 200 is said by the browser itself.
        page.on('console', (message) => (message.text().includes('responded with a status of') ? undefined : said.push(message.text())))
        await page.goto(url)
        await shoot(page, `${name}-1-form`)
        await fits(page)
        const field = page.getByLabel('Anthropic API key')
        expect(await page.locator('input:focus').getAttribute('name')).toBe(NAME)
        expect(await field.getAttribute('type')).toBe('password')
        await field.fill(`${KEY}-wrong`)
        await page.keyboard.press('Enter')
        await page.getByRole('alert').waitFor()
        await shoot(page, `${name}-2-refused`)
        await fits(page)
        expect(await field.inputValue()).toBe('')
        await field.fill(KEY)
        await page.getByRole('button', { name: 'Save' }).click()
        await page.getByRole('heading', { name: 'Done' }).waitFor()
        await shoot(page, `${name}-3-done`)
        await page.goto(url)
        await page.getByRole('heading', { name: 'This link has done its work' }).waitFor()
        await shoot(page, `${name}-4-used`)
        await fits(page)
        expect(said).toEqual([])
      })
      expect(site.vault.kept).toEqual([{ [NAME]: KEY }])
    },
  )

  test('two fields, saved although they could not be checked, in German, on the smallest phone', async () => {
    const site = await begin()
    const { url } = await site.link({ credential: 'slack', language: 'de' })
    const problems = new Map([['SLACK_BOT_TOKEN', 'Ich konnte Slack nicht fragen, ob es funktioniert: Slack ist von hier gerade nicht erreichbar.']])
    site.vault.next = [{ kind: 'refused', problems, anyway: true }]
    await browser.page({ width: 320, height: 568, colorScheme: 'light', javaScriptEnabled: false }, async (page) => {
      await page.goto(url)
      await fits(page)
      await shoot(page, 'small-german-form')
      const fill = async (): Promise<void> => {
        await page.getByLabel('Bot token').fill('xoxb-1234-bot')
        await page.getByLabel('App token').fill('xapp-1-A1-app')
      }
      await fill()
      await page.getByRole('button', { name: 'Speichern' }).click()
      await page.getByLabel('So speichern').check()
      await fits(page)
      await shoot(page, 'small-german-anyway')
      await fill()
      await page.getByRole('button', { name: 'Speichern' }).click()
      await page.getByRole('heading', { name: 'Fertig' }).waitFor()
      await fits(page)
      await shoot(page, 'small-german-done')
    })
    expect(site.vault.kept).toEqual([{ SLACK_BOT_TOKEN: 'xoxb-1234-bot', SLACK_APP_TOKEN: 'xapp-1-A1-app' }])
    expect(site.vault.submissions.map((one) => one.anyway)).toEqual([false, true])
  })

  test('a page of another site cannot post the form, nor hold it in a frame', async () => {
    const site = await begin()
    const { url } = await site.link()
    const proof = /name="proof" value="([^"]+)"/.exec(await (await fetch(url)).text())?.[1] ?? ''
    await browser.page({ width: 800, height: 600, colorScheme: 'light', javaScriptEnabled: true }, async (page) => {
      const evil = `<form method="post" action="${url}"><input name="proof" value="${proof}"><input name="${NAME}" value="${KEY}"><button>Go</button></form><iframe src="${url}"></iframe>`
      await page.route('https://evil.example/**', (route) => route.fulfill({ contentType: 'text/html', body: evil }))
      await page.goto('https://evil.example/')
      expect(await page.frames()[1]?.locator('input').count()).toBe(0)
      await page.getByRole('button', { name: 'Go' }).click()
      await page.getByRole('heading', { name: 'I did not read that' }).waitFor()
    })
    expect(site.vault.submissions).toEqual([])
  })

  test.each(looks)('has no barrier that axe knows of: $name', async ({ name: _name, ...look }) => {
    const site = await begin()
    const { url, id } = await site.link({ credential: 'slack' })
    site.vault.next = [{ kind: 'refused', problems: new Map([['SLACK_APP_TOKEN', 'Slack does not know this token.']]), anyway: false }]
    // axe is a script: it runs in a world of its own, past the policy that keeps scripts out of the page.
    await browser.page({ ...look, javaScriptEnabled: true }, async (page) => {
      const barriers = async (): Promise<string[]> => {
        const found = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
          `(() => { ${axe.source}; return axe.run() })()`,
        )
        return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)
      }
      await page.goto(url)
      expect(await barriers()).toEqual([])
      await page.getByLabel('Bot token').fill('xoxb-1')
      await page.getByLabel('App token').fill('xapp-1')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').waitFor()
      expect(await page.locator('input:focus').getAttribute('name')).toBe('SLACK_APP_TOKEN')
      expect(await barriers()).toEqual([])
      await site.expire(id)
      await page.goto(url)
      expect(await barriers()).toEqual([])
      await page.goto(site.address)
      expect(await barriers()).toEqual([])
    })
  })
})
