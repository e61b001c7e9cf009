// A whole control plane behind one face.
import { testSigningKeys } from '../../support/signing.ts'
import { onTestFinished } from 'vitest'
import type { Face, Inbound } from '../../../src/bots/core/face.ts'
import { createControlPlane, type ControlPlane } from '../../../src/control-plane.ts'
import type { Database } from '../../../src/db/connect.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Log } from '../../../src/lib/log.ts'
import { systemRandom } from '../../../src/lib/random.ts'
import type { Machines } from '../../support/world.ts'

type Running = Face & { run(handle: (inbound: Inbound, face: Face) => Promise<void>, signal: AbortSignal): Promise<unknown> }

/** Runs the face with everything behind it until the test has finished; then `after`. */
export async function runPlane(
  face: Running,
  parts: { database: Database; machines: Machines; log: Log },
  after: () => Promise<void>,
): Promise<ControlPlane> {
  const { database, machines, log } = parts
  const plane = await createControlPlane({
    database,
    fly: machines.fly,
    addressTemplate: machines.server.addressTemplate,
    faces: [face],
    settings: { image: 'gateway:inline', billing: false },
    signingKeys: testSigningKeys,
    local: true,
    webAddress: 'http://127.0.0.1:8787',
    clock: systemClock,
    random: systemRandom,
    log,
    elapsed: () => performance.now(),
    owner: 'test',
  })
  const ended = new AbortController()
  const running = Promise.all([plane.run(ended.signal), face.run((inbound, answering) => plane.router.handle(inbound, answering), ended.signal)])
  onTestFinished(async () => {
    ended.abort()
    await running
    await after()
  })
  return plane
}
