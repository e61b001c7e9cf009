// The gateway's controls as the supervisor asks them, from a stand-in that answers on the loopback interface.
import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { createRpc } from '../../images/gateway/supervisor/usage.ts'

type Asked = { url: string; method: string; authorization: string; body: unknown }

async function gateway(status: number, answer: string): Promise<{ port: number; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => void (body += part.toString()))
    request.on('end', () => {
      const { url = '', method = '', headers } = request
      asked.push({ url, method, authorization: headers.authorization ?? '', body: JSON.parse(body) })
      response.writeHead(status).end(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, asked }
}

it('asks with the password, and gives what was answered', async () => {
  const { port, asked } = await gateway(200, '{"ok":true,"payload":{"größe":1}}')
  expect(await createRpc({ port, password: 'secret' })('usage.cost', { mode: 'größe' })).toEqual({ ok: true, payload: { größe: 1 } })
  const body = { method: 'usage.cost', params: { mode: 'größe' } }
  expect(asked).toEqual([{ url: '/api/v1/admin/rpc', method: 'POST', authorization: 'Bearer secret', body }])
})

it.each([
  [404, 'not found', 'no-controls'],
  [401, '{"ok":false,"error":{"code":"UNAUTHORIZED"}}', 'UNAUTHORIZED'],
  [200, 'no JSON', 'unreachable'],
  [200, 'null', 'unreachable'],
  [500, '{"ok":false}', 'unreachable'],
])('takes %i with %s for %s', async (status, answer, code) => {
  const { port } = await gateway(status, answer)
  expect(await createRpc({ port, password: '' })('status', {})).toEqual({ ok: false, code })
})

it('takes nobody for unreachable', async () => {
  expect(await createRpc({ port: 9, password: '' })('status', {})).toEqual({ ok: false, code: 'unreachable' })
})
