// The local Machines server in a process of its own: keeps its state in the folder that it is given, limits nothing, runs its gateways in memory.
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { startMachinesServer } from '../../src/local/server.ts'

const [dir = ''] = process.argv.slice(2)
const server = await startMachinesServer({ dir, runtimeDir: dir, log: silentLog, clock: systemClock, rateLimits: false, nodePath: process.execPath })
const { apiUrl, platformUrl, addressTemplate, token } = server
process.stdout.write(`${JSON.stringify({ apiUrl, platformUrl, addressTemplate, token })}\n`)
// The bench holds the other end, removes the folder, and needs no orderly end of us.
process.stdin.on('end', () => process.exit()).resume()
process.once('SIGTERM', () => process.exit())
