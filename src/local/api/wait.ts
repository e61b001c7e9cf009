import type { Hono } from 'hono'
import { refusals } from '../api-error.ts'
import type { Machine } from '../model.ts'
import { machineOf, queryNumber, type ApiDeps, type Env } from './context.ts'

const WANTED = ['started', 'stopped', 'suspended', 'destroyed', 'failed', 'settled'] as const
const SETTLED = new Set<string>(['created', 'started', 'stopped', 'destroyed'])
const TIMEOUT_S_MAX = 60

/** Whether a machine, or the version of it that the caller means, is where it is wanted. */
function reached(machine: Machine, wanted: readonly string[], version: string | undefined): boolean {
  if (version !== undefined && version !== machine.version && machine.state !== 'destroyed') {
    // An older version has ended as soon as a newer one has taken its place.
    return machine.state !== 'replacing' && (wanted.includes('stopped') || wanted.includes('settled'))
  }
  return (
    wanted.includes(machine.state) || (wanted.includes('settled') && SETTLED.has(machine.state) && !(machine.state === 'created' && machine.launched))
  )
}

/** Long polling for a state. */
export function registerWait(api: Hono<Env>, deps: ApiDeps): void {
  api.get('/v1/apps/:app/machines/:id/wait', async (c) => {
    const { machine } = machineOf(deps, c)
    const wanted = (c.req.queries('state') ?? ['started']).flatMap((one) => one.split(','))
    const version = c.req.query('version') ?? c.req.query('instance_id')
    const timeoutS = queryNumber(c, 'timeout') ?? TIMEOUT_S_MAX
    if (!wanted.every((state) => WANTED.some((one) => one === state))) throw refusals.badRequest(`invalid state: must be one of ${WANTED.join(', ')}`)
    if (timeoutS < 1 || timeoutS > TIMEOUT_S_MAX) throw refusals.badRequest('invalid timeout: must be between 1 and 60 seconds')
    if (wanted.includes('stopped') && version === undefined) throw refusals.badRequest('version is required when waiting for stopped')
    if (version !== undefined && !machine.versions.some((one) => one.version === version)) throw refusals.notFound(`version ${version}`)
    const waiting = new AbortController()
    const forget = deps.platform.onChange(machine.id, () => {
      if (reached(machine, wanted, version)) waiting.abort()
    })
    const gone = (): void => waiting.abort()
    c.req.raw.signal.addEventListener('abort', gone, { once: true })
    if (!reached(machine, wanted, version)) await deps.platform.clock.sleep(timeoutS * 1000, waiting.signal)
    forget()
    c.req.raw.signal.removeEventListener('abort', gone)
    if (!reached(machine, wanted, version)) throw refusals.waitTimedOut(wanted.join(','), machine.state)
    return c.json({ ok: true, state: machine.state, version: machine.version, event_id: machine.events[0]?.id ?? '' })
  })
}
