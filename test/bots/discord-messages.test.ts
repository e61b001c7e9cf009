import { describe, expect, test } from 'vitest'
import { fitted } from '../../src/bots/core/layout.ts'
import { asked, begin, press, says, text } from '../simulators/discord/scene.ts'

const NASTY = '*_[x](y)<b>& @everyone <@123> # ~~s~~ ||p|| `c` \\* 1. - > __u__'

describe('a message', () => {
  test('shows formatting of others as it was written, and never mentions anybody', async () => {
    const { sim, face } = await begin(says(''), { connect: false })
    const ann = sim.person()
    const view = {
      tone: 'good',
      title: [NASTY, { bold: NASTY }],
      blocks: [
        { kind: 'text', text: [{ code: NASTY.replaceAll('`', '') }, ' ', NASTY] },
        { kind: 'fields', fields: [{ label: NASTY, value: [{ bold: NASTY }] }] },
        { kind: 'divider' },
        { kind: 'progress', steps: [{ label: NASTY, state: 'active', detail: NASTY }] },
        { kind: 'code', lines: [NASTY, '```js', 'x'] },
        { kind: 'text', text: ['See https://fly.io/docs/a_b_c?x=1_2 for more.'] },
      ],
      actions: [press(NASTY.slice(0, 60), 'status:x')],
    } as const
    expect((await face.send(ann.id, view, asked)).kind).toBe('sent')
    const lines = ann.transcript().split('\n')
    expect(lines[0]).toBe(`🟢 ${NASTY}${NASTY}`)
    expect(lines[1]).toBe(`${NASTY.replaceAll('`', '')} ${NASTY}`)
    expect(lines[2]).toBe(`${NASTY}: ${NASTY}`)
    expect(lines[3]).toBe(`⏳ ${NASTY}: ${NASTY}`)
    expect(lines[4]).toBe(NASTY)
    expect(lines[5]?.replaceAll('\u200b', '')).toBe('```js')
    expect(lines.at(-2)).toBe('See https://fly.io/docs/a_b_c?x=1_2 for more.')
    expect(ann.transcript()).not.toContain('‹')
    expect(sim.calls().at(-1)?.body).toMatchObject({ allowed_mentions: { parse: [] } })
    expect(sim.violations()).toEqual([])
  })

  test('stays within the limits, whatever it holds', async () => {
    const { sim, face } = await begin(says(''), { connect: false, rateLimits: false })
    const ann = sim.person()
    const buttons = Array.from({ length: 60 }, (_, n) => press(`Button ${n} ${'w'.repeat(100)}`, 'same:id'))
    const lines = Array.from({ length: 400 }, (_, n) => `${n} ${'*_`'.repeat(30)}`)
    const options = Array.from({ length: 25 }, (_, n) => ({ label: `Option ${n}`, id: `pick:${n}` }))
    const views = [
      text('*'.repeat(9_000), { actions: buttons, input: 'secret' }),
      {
        tone: 'bad',
        title: ['Output'],
        blocks: [{ kind: 'code', lines }, ...Array.from({ length: 9 }, () => ({ kind: 'divider' }) as const)],
        actions: buttons,
      },
      { tone: 'plain', blocks: [], actions: [] },
      text('pick one', { select: { label: 'Which?', options } }),
    ] as const
    for (const [n, view] of views.entries()) {
      const ready = fitted(view, face.capabilities)
      expect((await face.send(ann.id, ready, { ...asked, idempotencyKey: `k${n}` })).kind).toBe('sent')
    }
    expect(ann.messages()).toHaveLength(views.length)
    expect(ann.transcript()).toContain('[Option 24]')
    expect(sim.violations()).toEqual([])
  })

  test('output that is too long is shown from its end, and whole in a file', async () => {
    const { sim, face } = await begin(says(''), { connect: false })
    const ann = sim.person()
    const lines = Array.from({ length: 300 }, (_, n) => `line ${n} ${'-'.repeat(30)}`)
    const sent = await face.send(
      ann.id,
      fitted({ tone: 'plain', title: ['Output'], blocks: [{ kind: 'code', lines }], actions: [] }, face.capabilities),
      asked,
    )
    expect.assert(sent.kind === 'sent')
    expect(ann.transcript()).toContain('line 299 ')
    expect(ann.transcript()).not.toContain('line 0 ')
    expect(ann.transcript()).toContain('📎 output.txt')
    expect(sim.messages().at(-1)?.files).toEqual([`${lines.join('\n')}\n`])
    await face.edit(ann.id, sent.ref, text('short again'))
    expect(ann.transcript()).toBe('short again')
    expect(sim.messages().at(-1)?.files).toEqual([])
    expect(sim.violations()).toEqual([])
  })

  test('is shown once when the answer to the first try is lost', async () => {
    const { sim, face } = await begin(says(''), { connect: false })
    const ann = sim.person()
    sim.fault({ call: /^POST \/channels/, answer: 'drop' })
    await expect(face.send(ann.id, text('once'), asked)).rejects.toMatchObject({ code: 'discord.failed' })
    expect((await face.send(ann.id, text('once'), asked)).kind).toBe('sent')
    expect(ann.messages()).toHaveLength(1)
    expect(sim.violations()).toEqual([])
  })

  test('a long pause that Discord asks for is handed on, not waited out', async () => {
    const { sim, face } = await begin(says(''), { connect: false })
    const ann = sim.person()
    sim.fault({ call: /^POST \/channels/, answer: { status: 429, retryAfterMs: 42_000 } })
    const before = performance.now()
    const delivery = await face.send(ann.id, text('hello'), asked)
    expect.assert(delivery.kind === 'retry-after')
    expect(delivery.ms).toBeGreaterThanOrEqual(42_000)
    expect(performance.now() - before).toBeLessThan(2_000)
  })

  test('five in five seconds go through, and the sixth is told when', async () => {
    const { sim, face } = await begin(says(''), { connect: false })
    const ann = sim.person()
    const sent: string[] = []
    for (let n = 0; n < 6; n += 1) sent.push((await face.send(ann.id, text(`${n}`), { ...asked, idempotencyKey: `k${n}` })).kind)
    expect(sent).toEqual(['sent', 'sent', 'sent', 'sent', 'sent', 'retry-after'])
    expect(sim.violations()).toEqual([])
  })

  test.each([50_007, 50_278])('to somebody who cannot be reached (%d) is undeliverable', async (code) => {
    const { sim, face } = await begin(says(''), { connect: false })
    const ann = sim.person()
    sim.closeTo(ann.id, code)
    expect((await face.send(ann.id, text('hello'), asked)).kind).toBe('undeliverable')
    sim.closeTo(ann.id, null)
    expect((await face.send(ann.id, text('hello'), asked)).kind).toBe('sent')
  })

  test('that is gone is said to be gone, and a failure of Discord throws without a word of the message', async () => {
    const { sim, face } = await begin(says(''), { connect: false })
    const ann = sim.person()
    const sent = await face.send(ann.id, text('first'), asked)
    expect.assert(sent.kind === 'sent')
    expect(await face.edit(ann.id, sent.ref, text('second'))).toEqual(sent)
    expect(ann.transcript()).toBe('second')
    expect(await face.delete(ann.id, sent.ref)).toBe(true)
    expect(await face.edit(ann.id, sent.ref, text('third'))).toEqual({ kind: 'message-gone' })
    sim.fault({ call: /^POST \/channels/, answer: { status: 503 }, times: 5 })
    const failure = await face.send(ann.id, text('private words'), { ...asked, idempotencyKey: 'other' }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'discord.unavailable' })
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('private words')
  })
})
