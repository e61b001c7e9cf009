// One control plane on one database: the engines, the actions and the faces, put together. app.ts chooses the parts; tests build two of it on
// one database. It owns no policy.
import { Cron } from 'croner'
import { createActions, type Actions } from './actions/perform.ts'
import { createMetering, type Metering } from './billing/metering.ts'
import type { ActionSettings, CopySource, LogSource } from './actions/action.ts'
import type { Face } from './bots/core/face.ts'
import { createKeyPage } from './bots/core/key-page.ts'
import type { Info } from './bots/core/info.ts'
import { createNotifier, type Notifier } from './bots/core/notifier.ts'
import { createRender } from './bots/core/render.ts'
import { createRouter, type Router } from './bots/core/router.ts'
import { expireApprovals } from './db/approvals.ts'
import type { Database, Db } from './db/connect.ts'
import { forgetOldAudit } from './db/accounts.ts'
import { announceDueDigests, endDueSnoozes } from './db/alert-delivery.ts'
import { forgetOldTokens } from './db/action-tokens.ts'
import { forgetOldEvents } from './db/inbox.ts'
import { activeInstances, dropLeases } from './db/instances.ts'
import { forgetOldLinks } from './db/one-time-tokens.ts'
import { dropChatLeases, forgetOldMessages } from './db/outbox.ts'
import { dropBackupLeases } from './db/backups.ts'
import { dropPairingLeases } from './db/pairings.ts'
import { knowRelease } from './db/releases.ts'
import { dropRestoreLeases } from './db/restores.ts'
import { dropUpgradeLeases } from './db/upgrades.ts'
import { sharedWith } from './db/shares.ts'
import { forgetOldReadings } from './db/usage.ts'
import { findUser } from './db/users.ts'
import { endExpiredWizards } from './db/wizards.ts'
import type { Clock } from './lib/clock.ts'
import { ConchError, messageOf } from './lib/errors.ts'
import type { Log } from './lib/log.ts'
import type { Sealed } from './lib/sealed.ts'
import type { Random } from './lib/random.ts'
import { createBackupEngine, type BackupEngine } from './orchestrator/backups/engine.ts'
import { createMachineCopies } from './orchestrator/backups/machine.ts'
import { createStorageCopies } from './orchestrator/storage-copies.ts'
import type { BackupStore } from './orchestrator/backups/store.ts'
import { createFleetPoll } from './orchestrator/fleet-poll.ts'
import type { FlyClient } from './orchestrator/fly/types.ts'
import { createChannelChecks } from './orchestrator/health/channels.ts'
import { createProber } from './orchestrator/health/probe.ts'
import { createSweep, sweepDefaults, type SweepOptions } from './orchestrator/health/sweep.ts'
import { createLoop, type LoopOptions } from './orchestrator/loop.ts'
import { createLinkTo, createMachineControl, type MachineControl } from './orchestrator/door.ts'
import { appNameOf, fleetOf } from './orchestrator/machine-config.ts'
import { createGateway } from './orchestrator/pairing/gateway.ts'
import { createGuests } from './orchestrator/pairing/guests.ts'
import { createPairings } from './orchestrator/pairing/pairing.ts'
import { sweepStagedApps } from './orchestrator/staged-apps.ts'
import { createUpgradeEngine } from './orchestrator/upgrades/engine.ts'
import { createLiveCheck, type CheckUrls } from './secrets/live-check.ts'
import { createOwnBots } from './secrets/own-bots.ts'
import { createSigner } from './secrets/signing.ts'
import { createSecretStore } from './secrets/secret-store.ts'

export type ControlPlaneDeps = {
  database: Database
  fly: FlyClient
  addressTemplate: string
  /** What an image's name ends with for plans whose assistants browse. */
  browserSuffix?: string
  faces: readonly Face[]
  settings: Omit<ActionSettings, 'linkTo'>
  /** What this control plane signs with, as CONCH_SIGNING_KEYS has it. */
  signingKeys: Sealed
  webAddress: string | null
  /** Where archives of backups are kept; without it nothing is backed up. */
  backups?: BackupStore
  /** Gateways run on this computer. */
  local: boolean
  /** Where pasted secrets are tried; without it they are taken as they are. */
  checks?: CheckUrls
  /** The tokens that Conch's own bots run on: nobody's assistant may have them. */
  ownTokens?: Parameters<typeof createOwnBots>[0]
  clock: Clock
  random: Random
  log: Log
  /** Milliseconds of a monotonic clock. */
  elapsed: () => number
  /** Unique per process: leases carry it. */
  owner: string
  loop?: Partial<Omit<LoopOptions, 'owner'>>
  sweep?: Partial<SweepOptions>
}

export type ControlPlane = {
  actions: Actions
  router: Router
  notifier: Notifier
  /** What stands behind the web page for keys. */
  keyPage: ReturnType<typeof createKeyPage>
  /** The names of a person's instances, and of those that are shared with where they are: for faces that complete what is typed. */
  namesOf(person: { provider: string; subject: string; rooms?: readonly string[] }): Promise<string[]>
  /** Runs every engine until `signal` is aborted; then waits for what is under way. */
  run(signal: AbortSignal): Promise<void>
}

const LOOP_DEFAULTS = { leaseMs: 30_000, concurrency: 32, idleMs: 500 }
const FLEET_POLL = '*/5 * * * * *'
const CHANNEL_CHECKS = '*/10 * * * * *'
const ALERTS = '*/5 * * * * *'
const STAGED_SWEEP = '30 * * * * *'
const UPKEEP = '0 17 * * * *'
const BACKUPS = '20 * * * * *'
const ROLLOUT = '*/10 * * * * *'
const METERING = '40 * * * * *'
/** Whoever waits for an answer is told that none came soon after it no longer counts. */
const APPROVALS = '45 */5 * * * *'
/** Platforms repeat an event for minutes, at most for days; a message that old is nobody's news. */
const EVENTS_KEPT_DAYS = 7
const MESSAGES_KEPT_DAYS = 30
/** What is counted is in the facts; readings are kept for whoever has to look into one. */
const READINGS_KEPT_DAYS = 40
/** As /forget-me promises. */
const AUDIT_KEPT_DAYS = 365

export async function createControlPlane(deps: ControlPlaneDeps): Promise<ControlPlane> {
  const { database, fly, clock, random, log, owner } = deps
  const { db } = database
  const prober = createProber({ elapsed: deps.elapsed })
  const faces = new Map(deps.faces.map((face) => [face.provider, face]))
  const signer = await createSigner({ keys: deps.signingKeys, clock })
  const linkTo = createLinkTo({ signer, addressTemplate: deps.addressTemplate })
  const info = infoOf(deps)
  const announced = (): void => notifier.wake()
  const pairings = createPairings({ db, gateway: createGateway({ fly }), clock, log, announced, changed: () => changed() })
  const render = createRender({ db, clock, info, pairingCode: (instanceId) => pairings.codeOf(instanceId) })
  const notifier = createNotifier({ db, faces, clock, random, log, owner, render })
  const control = createMachineControl({ signer, addressTemplate: deps.addressTemplate, read: (url, headers) => prober.read(url, headers) })
  const copies = backupEngine(deps, { control, announced })
  const fleet = fleetOf({ ...deps, keys: signer.publicKeys })
  const loop = createLoop(
    { db, fly, clock, random, log, ...fleet, probe: (url) => prober.check(url), announced },
    { owner, ...LOOP_DEFAULTS, ...deps.loop },
  )
  const changed = (): void => {
    loop.wake()
    pairings.wake()
    copies?.wake()
    upgrades.wake()
    notifier.wake()
  }
  const sweep = createSweep({ db, clock, log, prober, control, changed }, { ...sweepDefaults, ...deps.sweep })
  const upgrades = createUpgradeEngine({ db, fly, clock, log, changed, prober, control, ...fleet })
  const metering = meteringOf(deps, control)
  const checker = deps.checks === undefined ? null : createLiveCheck({ urls: deps.checks })
  const secrets = createSecretStore({ db, port: secretPort(fly), clock, checker, own: createOwnBots(deps.ownTokens ?? []) })
  const actions = createActions({
    db,
    log,
    secrets,
    ...sourcesOf(deps),
    guests: createGuests({ gateway: createGateway({ fly }), log }),
    settings: { ...deps.settings, linkTo },
    changed,
  })
  const router = createRouter({ db, actions, clock, random, log, notifierWake: announced, info })
  const channels = createChannelChecks({ db, log, prober, control, changed: announced })
  const poll = createFleetPoll({ db, fly, wake: () => loop.wake() })
  await beginWith(database, info)
  return {
    actions,
    router,
    notifier,
    keyPage: createKeyPage({ actions }),
    namesOf: (person) => namesFor(db, person),
    async run(signal) {
      const tick = ticker(log)
      const ticks = [
        tick(FLEET_POLL, 'fleet-poll', () => poll.tick()),
        tick(CHANNEL_CHECKS, 'channel-checks', () => channels.tick()),
        tick(ALERTS, 'alerts', () => tellDue(db, announced)),
        tick(STAGED_SWEEP, 'staged-apps', () => sweepStagedApps({ db, fly })),
        tick(UPKEEP, 'upkeep', () => forgetOld(db)),
        tick(BACKUPS, 'backups', async () => copies?.tick()),
        tick(ROLLOUT, 'rollout', () => upgrades.tick()),
        tick(METERING, 'metering', () => metering.tick()),
        tick(APPROVALS, 'approvals', () => expireApprovals(db)),
      ]
      await Promise.all([loop.run(signal), sweep.run(signal), pairings.run(signal), copies?.run(signal), upgrades.run(signal), notifier.run(signal)])
      for (const one of ticks) one.stop()
      await prober.close()
      await checker?.close()
    },
  }
}

function backupEngine(deps: ControlPlaneDeps, parts: { control: MachineControl; announced: () => void }): BackupEngine | null {
  const { database, backups: store, addressTemplate, clock, log } = deps
  if (store === undefined) return null
  const machine = createMachineCopies({ control: parts.control, addressTemplate })
  return createBackupEngine({ db: database.db, machine, store, clock, log, announced: parts.announced })
}

/** What holds before anything runs. */
async function beginWith({ kind, db }: Database, { gatewayImage }: Info): Promise<void> {
  if (kind === 'pglite') await dropAllLeases(db)
  await knowRelease(db, gatewayImage)
}

function infoOf({ settings, webAddress, local, faces }: ControlPlaneDeps): Info {
  return { gatewayImage: settings.image, webAddress, local, billing: settings.billing, elsewhere: addressesOf(faces) }
}

function meteringOf({ database, fly, log }: ControlPlaneDeps, control: MachineControl): Metering {
  const machineMetrics = (instanceId: string): Promise<string | null> => control.metrics(instanceId)
  return createMetering({ db: database.db, log, machineMetrics, query: (promql) => fly.query(promql), appNameOf })
}

function ticker(log: Log): (pattern: string, name: string, work: () => Promise<unknown>) => Cron {
  return (pattern, name, work) => {
    const failed = (error: unknown): void => log.warn({ tick: name, err: error }, 'a tick failed; the next one tries again')
    return new Cron(pattern, { protect: true, unref: true, catch: failed }, async () => void (await work()))
  }
}

function addressesOf(faces: readonly Face[]): NonNullable<Info['elsewhere']> {
  return (here, command) =>
    faces.flatMap(({ provider, addressOf }) => {
      const url = provider === here ? null : (addressOf?.(command) ?? null)
      return url === null ? [] : [{ provider, url }]
    })
}

/** Snoozes that end and digests whose hour it is. */
async function tellDue(db: Db, announced: () => void): Promise<void> {
  const ended = await endDueSnoozes(db)
  const digests = await announceDueDigests(db)
  if (ended + digests > 0) announced()
}

async function forgetOld(db: Db): Promise<void> {
  await forgetOldTokens(db)
  await forgetOldLinks(db)
  await forgetOldEvents(db, EVENTS_KEPT_DAYS)
  await forgetOldMessages(db, MESSAGES_KEPT_DAYS)
  await endExpiredWizards(db)
  await forgetOldAudit(db, AUDIT_KEPT_DAYS)
  await forgetOldReadings(db, READINGS_KEPT_DAYS)
}

function secretPort(fly: FlyClient): Parameters<typeof createSecretStore>[0]['port'] {
  return {
    ensureApp: (instanceId) => fly.createApp({ name: appNameOf(instanceId), network: appNameOf(instanceId) }),
    setSecret: (instanceId, name, secret) => fly.setSecret(appNameOf(instanceId), name, secret),
    deleteSecret: (instanceId, name) => fly.deleteSecret(appNameOf(instanceId), name),
  }
}

/** One process owns a PGlite folder: leases in it are those of a process that is gone. */
async function dropAllLeases(db: Db): Promise<void> {
  await dropLeases(db)
  await dropChatLeases(db)
  await dropPairingLeases(db)
  await dropBackupLeases(db)
  await dropRestoreLeases(db)
  await dropUpgradeLeases(db)
}

async function namesFor(db: Db, person: Parameters<ControlPlane['namesOf']>[0]): Promise<string[]> {
  const user = await findUser(db, person)
  const own = user === null ? [] : await activeInstances(db, user.userId)
  const shared = await sharedWith(db, { provider: person.provider, rooms: person.rooms ?? [] })
  return [...new Set([...own, ...shared.map((one) => one.instance)].map((row) => row.name))]
}

/** What actions ask the provider to look at. */
function sourcesOf({ fly, clock, log }: ControlPlaneDeps): { logs: LogSource; copiedAt: CopySource } {
  return { logs: logSource(fly, log), copiedAt: createStorageCopies({ fly, clock, log }) }
}

function logSource(fly: FlyClient, log: Log): LogSource {
  return async (instance) => {
    try {
      const page = await fly.logs(appNameOf(instance.id), instance.machineId === null ? {} : { machineId: instance.machineId })
      return page.lines.map(({ at, message }) => ({ at, message }))
    } catch (error) {
      log.info({ instance: instance.id, err: error instanceof ConchError ? error : messageOf(error) }, 'logs could not be read')
      return null
    }
  }
}
