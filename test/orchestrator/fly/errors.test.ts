import { describe, expect, test } from 'vitest'
import { classify, classifyNetwork, ProviderError, type Operation, type ProviderErrorKind } from '../../../src/orchestrator/fly/errors.ts'

type Row = [status: number, body: unknown, operation: Operation, kind: ProviderErrorKind, ambiguous?: true]

const error = (text: string, more: object = {}): object => ({ error: text, ...more })

// One row or more for each row of Fly's errors as they are known to us.
const ROWS: Row[] = [
  [422, error('Validation failed: Name has already been taken'), 'createApp', 'name-taken'],
  [422, error('no', { status: 'name_taken' }), 'createApp', 'name-taken'],
  [409, error('app already exists'), 'createApp', 'name-taken'],
  [422, error('could not find a candidate host'), 'createMachine', 'region-full'],
  [422, error('no room', { status: 'insufficient_capacity' }), 'createMachine', 'region-full'],
  [422, error('no room', { details: { code: 'insufficient_capacity' } }), 'createVolume', 'region-full'],
  [422, error('organization has reached its machine limit'), 'createMachine', 'quota'],
  [403, error('You have reached the limit of machines of a trial'), 'createMachine', 'quota'],
  [403, error('please add a payment method'), 'createVolume', 'quota'],
  [412, error('insufficient resources to create new machine with existing volume'), 'createMachine', 'host-full'],
  [412, error('failed_precondition: volume_placement_capacity'), 'createMachine', 'host-full'],
  [409, error('aborted: could not reserve resource for machine: insufficient memory available to fulfill request'), 'startMachine', 'host-full'],
  [409, error('aborted: could not reserve resource for machine: insufficient CPUs available to fulfill request'), 'updateMachine', 'host-full'],
  [409, error('aborted: no capacity'), 'startMachine', 'region-full'],
  [
    409,
    error('already_exists: unique machine name violation, machine ID 148e1f02 already exists with name "conch-a"'),
    'createMachine',
    'already-exists',
  ],
  [409, error('failed to acquire lease: lease currently held by someone@example.com'), 'updateMachine', 'lease-held'],
  [412, error('machine lease nonce does not match'), 'stopMachine', 'lease-held'],
  [409, error('aborted: current_version does not match'), 'updateMachine', 'conflict'],
  [409, error('aborted: concurrent update'), 'updateMachine', 'conflict'],
  [412, error('failed_precondition: machine getting replaced, refusing to start'), 'startMachine', 'not-ready'],
  [412, error("failed_precondition: unable to start machine from current state: 'created'"), 'startMachine', 'not-ready'],
  [400, error("failed_precondition: unable to start machine from current state: 'created'"), 'startMachine', 'not-ready'],
  [408, error('deadline_exceeded: machine failed to reach desired state, started, currently starting'), 'waitMachine', 'wait-timeout'],
  [408, error('deadline_exceeded'), 'createMachine', 'transient', true],
  [408, error('deadline_exceeded: exec'), 'exec', 'transient', true],
  [412, error('failed_precondition: unable to exec, machine is not started'), 'exec', 'not-ready'],
  [400, error('volume not found'), 'createMachine', 'not-ready'],
  [403, error('unauthorized'), 'getApp', 'foreign'],
  [403, error('unauthorized'), 'createMachine', 'unauthorized'],
  [403, '', 'listMachines', 'unauthorized'],
  [401, error('unauthenticated'), 'getApp', 'unauthorized'],
  [404, error('machine not found'), 'getMachine', 'not-found'],
  [429, error('rate limit exceeded'), 'startMachine', 'rate-limited'],
  [500, error('internal'), 'startMachine', 'transient', true],
  [502, '<html>Bad gateway</html>', 'createVolume', 'transient', true],
  [504, null, 'getMachine', 'transient', true],
  [400, error('invalid config.guest.memory_mb'), 'createMachine', 'fatal'],
  [422, error('services.concurrency.hard_limit must exceed soft_limit'), 'createMachine', 'fatal'],
]

describe('every refusal of Fly has its name', () => {
  test.for(ROWS)('%i %j to %s is %s', ([status, body, operation, kind, ambiguous = false]) => {
    expect(classify({ status, body, operation })).toMatchObject({ kind, ambiguous })
  })
})

test('a taken machine name says which machine to adopt', () => {
  const body = { error: 'already_exists: unique machine name violation, machine ID 148e1f02b79d58 already exists with name "conch-a"' }
  expect(classify({ status: 409, body, operation: 'createMachine' }).adoptMachineId).toBe('148e1f02b79d58')
})

test('a refused secret is not quoted, whatever Fly says', () => {
  const said = classify({ status: 422, body: { error: 'value "sk-very-secret" is invalid' }, operation: 'setSecret' })
  expect(JSON.stringify(said)).not.toContain('sk-very-secret')
})

test('the error carries a stable code, the status and the request id', () => {
  const named = classify({ status: 422, body: { error: 'could not find a candidate host' }, operation: 'createMachine' })
  const thrown = new ProviderError({ ...named, operation: 'createMachine', status: 422, requestId: 'req-1' })
  expect(thrown).toMatchObject({ code: 'provider.region-full', kind: 'region-full', status: 422, requestId: 'req-1', ambiguous: false })
  expect(thrown.message).toBe('createMachine: 422 region-full: could not find a candidate host')
})

describe('a call without an answer is ambiguous unless it never left', () => {
  const withCode = (code: string): Error => Object.assign(new Error(code), { code })
  test.for<[Error, boolean]>([
    [withCode('ECONNREFUSED'), false],
    [withCode('ENOTFOUND'), false],
    [withCode('UND_ERR_CONNECT_TIMEOUT'), false],
    [new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]), false],
    [new Error('failed', { cause: withCode('ECONNREFUSED') }), false],
    [withCode('ECONNRESET'), true],
    [withCode('UND_ERR_SOCKET'), true],
    [withCode('UND_ERR_HEADERS_TIMEOUT'), true],
    [withCode('UND_ERR_BODY_TIMEOUT'), true],
    [new Error('anything'), true],
  ])('%s: %s', ([cause, ambiguous]) => {
    expect(classifyNetwork(cause)).toMatchObject({ kind: 'transient', ambiguous })
  })
})
