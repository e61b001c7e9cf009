// What a gateway's machine answers, as we take it: the word of a machine that its owner's assistant can change.
import { describe, expect, test } from 'vitest'
import { phoneNumberIn } from '../../src/domain/whatsapp.ts'
import type { ExecInput, ExecResult } from '../../src/orchestrator/fly/types.ts'
import { createGateway, type GatewayReply } from '../../src/orchestrator/pairing/gateway.ts'
import { isLinked, loginOf, pngIn } from '../../src/orchestrator/pairing/login.ts'
import { codePicture, pairingText } from '../support/codes.ts'

const dataUrl = `data:image/png;base64,${codePicture(pairingText('x')).toString('base64')}`
const answer = (payload: unknown): GatewayReply => ({ kind: 'answer', payload })
const refused = (code: string): GatewayReply => ({ kind: 'refused', code, message: 'm' })

/** The picture with another size written into its head. */
function sized(width: number, height: number): string {
  const png = codePicture('x')
  png.writeUInt32BE(width, 16)
  png.writeUInt32BE(height, 20)
  return `data:image/png;base64,${png.toString('base64')}`
}

describe('an answer about linking', () => {
  test.for([
    ['a code', answer({ qrDataUrl: dataUrl, message: 'Scan' }), 'code'],
    ['a linked phone', answer({ connected: true, message: 'Linked' }), 'linked'],
    ['a linked phone, whatever else it shows', answer({ connected: true, qrDataUrl: dataUrl }), 'linked'],
    ['words alone', answer({ connected: false, message: 'Still waiting' }), 'nothing'],
    ['a picture that is none', answer({ qrDataUrl: 'data:image/png;base64,AAAA' }), 'nothing'],
    ['something else', answer('hello'), 'unsupported'],
    ['no provider', refused('INVALID_REQUEST'), 'unsupported'],
    ['no controls', refused('NO_CONTROLS'), 'unsupported'],
    ['a gateway that starts', refused('UNAVAILABLE'), 'busy'],
  ] as const)('with %s is taken for that', ([, reply, kind]) => {
    expect(loginOf(reply).kind).toBe(kind)
  })

  test('keeps the words of the gateway short, and the session that it names', () => {
    expect(loginOf(answer({ message: 'x'.repeat(1_000) }))).toEqual({ kind: 'nothing', said: 'x'.repeat(200) })
    expect(loginOf(answer({ qrDataUrl: dataUrl, sessionKey: 's1' }))).toMatchObject({ kind: 'code', code: { dataUrl, sessionKey: 's1' } })
  })

  test('says whether a phone is linked, and no when that is not to be understood', () => {
    expect(isLinked(answer({ channels: { whatsapp: { linked: true } } }))).toBe(true)
    for (const reply of [answer({ channels: { whatsapp: { linked: false } } }), answer({ channels: {} }), answer(null), refused('INVALID_REQUEST')])
      expect(isLinked(reply)).toBe(false)
  })
})

test('a picture is a PNG of a code’s size, and nothing that could grow when it is opened', () => {
  expect(pngIn(dataUrl)).toEqual(codePicture(pairingText('x')))
  for (const wrong of [sized(1_025, 10), sized(10, 65_535), sized(0, 10), dataUrl.replace('png', 'svg+xml'), `${dataUrl}${'A'.repeat(16_384)}`, ''])
    expect(pngIn(wrong)).toBeNull()
})

describe('the gateway, asked from inside its machine', () => {
  const asking = (result: Partial<ExecResult>): { asked: ExecInput[]; call(): Promise<GatewayReply> } => {
    const asked: ExecInput[] = []
    const exec = async (_app: string, _id: string, input: ExecInput): Promise<ExecResult> => {
      asked.push(input)
      return { exitCode: 0, stdout: '', stderr: '', ...result }
    }
    const gateway = createGateway({ fly: { exec } })
    return { asked, call: () => gateway.call({ app: 'a', machineId: 'm' }, { method: 'health', params: { x: 1 }, timeoutSeconds: 5 }) }
  }
  const printed = (status: number, body: unknown): Partial<ExecResult> => ({ stdout: JSON.stringify({ status, body: JSON.stringify(body) }) })

  test('gets its question where no list of processes shows it', async () => {
    const { asked, call } = asking(printed(200, { ok: true, payload: 1 }))
    expect(await call()).toEqual({ kind: 'answer', payload: 1 })
    expect(asked).toMatchObject([{ stdin: '{"method":"health","params":{"x":1}}', timeoutSeconds: 15 }])
    expect(JSON.stringify(asked[0]?.command)).not.toContain('health')
  })

  test('says no in its words, or has no controls', async () => {
    const message = 'not available'
    expect(await asking(printed(400, { ok: false, error: { code: 'INVALID_REQUEST', message } })).call()).toEqual(refusedWith(message))
    expect(await asking(printed(404, { error: 'not found' })).call()).toMatchObject({ kind: 'refused', code: 'NO_CONTROLS' })
  })
  const refusedWith = (message: string): GatewayReply => ({ kind: 'refused', code: 'INVALID_REQUEST', message })

  test.for([
    ['does not run', { exitCode: 1, stderr: 'connect ECONNREFUSED' }],
    ['prints nothing', {}],
    ['prints something else', { stdout: 'hello' }],
    ['was not let in', printed(401, { error: { message: 'Unauthorized' } })],
    ['met a proxy', { stdout: '{"status":502,"body":"<html>"}' }],
  ] as const)('is out of reach when the program %s', async ([, result]) => {
    await expect(asking(result).call()).rejects.toMatchObject({ code: 'gateway.unreachable' })
  })
})

test.for([
  ['+49 170 1234567', '+491701234567'],
  ['0049 (170) 123-45.67', '+491701234567'],
  ['+1/415/555/2671', '+14155552671'],
  ['0170 1234567', null],
  ['+0 170 1234567', null],
  ['+49', null],
  ['+4917012345678901234', null],
  ['my number', null],
  ['', null],
] as const)('the telephone number in %j is %j', ([text, number]) => {
  expect(phoneNumberIn(text)).toBe(number)
})
