import { ConchError } from '../lib/errors.ts'

export type ErrorBody = { error: string; status?: string; details?: Record<string, unknown> }

/** An answer other than 2xx. Thrown by the rules, turned into a response in api/server-app.ts and nowhere else. */
export class ApiError extends ConchError {
  override readonly name = 'ApiError'
  readonly status: number
  readonly body: ErrorBody
  constructor(status: number, error: string, code?: string) {
    super('local.refused', error)
    this.status = status
    this.body = code === undefined ? { error } : { error, status: code }
  }
}

/** What Fly answers, by situation. The wording is what its clients match on, so it lives here once. */
export const refusals = {
  badRequest: (why: string) => new ApiError(400, why),
  unauthorized: () => new ApiError(401, 'unauthorized'),
  otherOrganisation: () => new ApiError(403, 'unauthorized to access this app'),
  appNotFound: (name: string) => new ApiError(404, `Could not find App "${name}"`),
  machineNotFound: (id: string) => new ApiError(404, `machine ${id} not found`),
  notFound: (what: string) => new ApiError(404, `${what} not found`),
  nameTaken: () => new ApiError(422, 'Validation failed: Name has already been taken', 'name_taken'),
  hostnameTaken: (hostname: string) => new ApiError(422, `Validation failed: Hostname ${hostname} has already been taken`),
  nameInvalid: () => new ApiError(422, 'Validation failed: Name may only contain lower-case letters, numbers and dashes, and at most 63 characters'),
  regionFull: () => new ApiError(422, 'could not find a candidate host', 'insufficient_capacity'),
  regionFullAborted: () => new ApiError(409, 'aborted: no capacity'),
  machineLimit: () => new ApiError(422, 'Your organization has reached its machine limit. Contact billing to raise it'),
  quota: () => new ApiError(403, 'organization has reached its quota'),
  volumeHostFull: () => new ApiError(412, 'insufficient resources to create new machine with existing volume', 'volume_placement_capacity'),
  hostFullMemory: () => new ApiError(409, 'aborted: could not reserve resource for machine: insufficient memory available to fulfill request'),
  hostFullCpus: () => new ApiError(409, 'aborted: could not reserve resource for machine: insufficient CPUs available to fulfill request'),
  machineNameTaken: (id: string, name: string) =>
    new ApiError(409, `already_exists: unique machine name violation, machine ID ${id} already exists with name "${name}"`),
  leaseHeld: (owner: string, expiresAt: string) => new ApiError(409, `lease currently held by ${owner}, expires at ${expiresAt}`),
  versionMismatch: (expected: string, actual: string) =>
    new ApiError(409, `aborted: current_version mismatch: expected ${expected}, machine is at ${actual}`),
  concurrentUpdate: () => new ApiError(409, 'aborted: concurrent update of the machine, try again'),
  beingReplaced: () => new ApiError(412, 'failed_precondition: machine getting replaced, refusing to start'),
  cannotStart: (state: string) => new ApiError(412, `failed_precondition: unable to start machine from current state: '${state}'`),
  precondition: (why: string) => new ApiError(412, `failed_precondition: ${why}`),
  waitTimedOut: (wanted: string, current: string) =>
    new ApiError(408, `deadline_exceeded: machine failed to reach desired state, ${wanted}, currently ${current}`),
  volumeNotFound: () => new ApiError(400, 'volume not found'),
  rateLimited: () => new ApiError(429, 'rate limit exceeded'),
  hostUnreachable: () => new ApiError(503, 'unavailable: the host of this machine is unreachable'),
}
