import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createHome, startProgram } from '../support/program.ts'

test('the program gives a link in the chat, takes a value on the page, and says so in the chat', { timeout: 120_000 }, async () => {
  const { home, remove } = createHome()
  onTestFinished(remove)
  const program = startProgram(home, { lines: ['/deploy my-claw', 'Amsterdam', 'Skip for now', 'Launch', '/set-key-link my-claw WEATHER_KEY'] })
  onTestFinished(() => void program.child.kill('SIGKILL'))
  await program.sees('Open the page: http', 60_000)
  const url = /Open the page: (http:\S+)/.exec(program.printed())?.[1] ?? ''
  const page = await (await fetch(url)).text()
  expect(page).toContain('<h1>WEATHER_KEY for my-claw</h1>')
  const body = new URLSearchParams({ proof: /name="proof" value="([^"]+)"/.exec(page)?.[1] ?? '', WEATHER_KEY: 'sunny-with-a-breeze' })
  const answer = await fetch(url, { method: 'POST', body, headers: { origin: new URL(url).origin } })
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('I wrote to you in the chat')])
  await program.sees('✓ WEATHER_KEY for my-claw is saved: …eeze')
  program.child.kill('SIGINT')
  expect(await program.exited).toBe(0)
  expect(readFileSync(join(home, 'conch.log'), 'utf8')).not.toMatch(new RegExp(`sunny|${url.split('/').at(-1) ?? 'none'}`))
})
