// Runs the local Machines server alone, for any client of Fly's Machines API. Ctrl-C stops it and every machine; the next start brings them back.
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { systemClock } from '../src/lib/clock.ts'
import { ConchError } from '../src/lib/errors.ts'
import { createLog } from '../src/lib/log.ts'
import { startMachinesServer, type MachinesServer } from '../src/local/server.ts'

const home = resolve(process.env['CONCH_HOME'] ?? '.conch')
mkdirSync(home, { recursive: true })

function introduction(server: MachinesServer): string {
  return `Machines API   ${server.apiUrl}
Logs, metrics  ${server.platformUrl}
Apps           ${server.addressTemplate}
Token          ${server.token}

Try it:
  curl -s -H 'Authorization: Bearer ${server.token}' -H 'Content-Type: application/json' \\
    ${server.apiUrl}/apps -d '{"app_name":"hello","org_slug":"personal"}'
  curl -s -H 'Authorization: Bearer ${server.token}' -H 'Content-Type: application/json' \\
    ${server.apiUrl}/apps/hello/machines -d '{"config":{"image":"gateway:stub"}}'
  curl -s --resolve '*:${new URL(server.addressTemplate.replace('{app}', 'hello')).port}:127.0.0.1' ${server.addressTemplate.replace('{app}', 'hello')}/healthz

Ctrl-C stops the server and its machines.
`
}

// Listening from the first moment: a Ctrl-C while it starts must not leave machines behind.
const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
try {
  const server = await startMachinesServer({
    dir: join(home, 'machines'),
    runtimeDir: join(home, 'runtime'),
    nodePath: process.execPath,
    clock: systemClock,
    log: createLog({ level: process.env['LOG_LEVEL'] ?? 'warn', destination: process.stderr }),
  })
  process.stdout.write(introduction(server))
  await stopped
  await server.close()
} catch (error) {
  if (!(error instanceof ConchError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
