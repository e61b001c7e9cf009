// A control plane's engine as a process of its own, for tests that kill it: the reconcile loop on a given Postgres and Machines API.
// Arguments: database URL, API URL, platform URL, token, address template.
import { openDatabase } from '../../src/db/connect.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { createFlyClient } from '../../src/orchestrator/fly/client.ts'
import { createProber } from '../../src/orchestrator/health/probe.ts'
import { createLoop } from '../../src/orchestrator/loop.ts'

const [databaseUrl = '', apiUrl = '', platformUrl = '', token = '', addressTemplate = ''] = process.argv.slice(2)
const parts = { clock: systemClock, random: systemRandom, log: silentLog }
const { db } = await openDatabase({ kind: 'postgres', url: databaseUrl, log: silentLog })
const fly = createFlyClient({ apiUrl, platformUrl, token: new Sealed(token), org: 'personal', limiter: false, retryBaseMs: 20, ...parts })
const prober = createProber({ elapsed: () => performance.now() })
const probe = prober.check
const loop = createLoop(
  { db, fly, addressTemplate, keys: '{"keys":[]}', probe, announced: () => undefined, ...parts },
  { owner: `process-${process.pid}`, leaseMs: 2_000, concurrency: 16, idleMs: 100 },
)
process.stdout.write('running\n')
await loop.run(new AbortController().signal)
