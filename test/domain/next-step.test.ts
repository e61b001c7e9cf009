import { describe, expect, it } from 'vitest'
import {
  DEPLOY_LIMIT_MS,
  EXIT_BAD_CONFIG,
  HARD_LIMIT_MS,
  LOST_AGAIN_MS,
  nextStep,
  RESEND_MS,
  STALE_LIST_MS,
  START_TRIES_MAX,
  startPauseMs,
  type Desired,
  type MachineSeen,
  type Memory,
  type Observed,
  type Sent,
  type SnapshotSeen,
  type Step,
  type VolumeSeen,
} from '../../src/domain/next-step.ts'

const NOW = 1_800_000_000_000
const wanted: Desired = { power: 'on', region: 'ams', spec: 'spec-1', restart: 0, deleted: false, volumeGb: 1 }
const fresh: Memory = {
  volumeId: null,
  machineId: null,
  everStarted: false,
  healthy: false,
  restartSeen: 0,
  sent: null,
  fullRegions: [],
  hostFull: false,
  storageLost: false,
  operationStartedAt: NOW - 1_000,
  deploying: true,
}
const lived: Memory = { ...fresh, volumeId: 'vol_1', machineId: 'm1', everStarted: true, healthy: true, deploying: false }
const volume: VolumeSeen = { id: 'vol_1', region: 'ams', sizeGb: 1, attachedTo: null, going: false }
const copy: SnapshotSeen = { id: 'vs_1', sizeGb: 1, at: NOW - 3_600_000 }
const running: MachineSeen = {
  id: 'm1',
  phase: 'started',
  state: 'started',
  region: 'ams',
  spec: 'spec-1',
  lastStartId: 's1',
  hostUnreachable: false,
  preparing: false,
  exit: null,
}
const stopped: MachineSeen = { ...running, phase: 'stopped', state: 'stopped' }
const nothing: Observed = { app: 'absent', ips: false, volumes: [], machines: [], lostCopy: null }
const empty: Observed = { app: 'present', ips: true, volumes: [], machines: [], lostCopy: null }
const sent = (kind: Sent['kind'], agoMs: number, more: Partial<Sent> = {}): Sent => ({
  kind,
  at: NOW - agoMs,
  startIdBefore: 's1',
  restart: 0,
  spec: 'spec-1',
  tries: 1,
  ...more,
})
const exited = (code: number): MachineSeen['exit'] => ({ code, oom: false, requested: false, at: NOW - 500 })

type Row = [guarantee: string, desired: Partial<Desired>, observed: Observed, memory: Memory, step: Partial<Step>]

const building: Row[] = [
  ['makes the app first', {}, nothing, fresh, { kind: 'create-app' }],
  ['does not make the app twice while a lost answer may still land', {}, nothing, { ...fresh, sent: sent('create-app', 1_000) }, { kind: 'wait' }],
  [
    'makes the app again once the lost answer has had its time',
    {},
    nothing,
    { ...fresh, sent: sent('create-app', STALE_LIST_MS + 1) },
    { kind: 'create-app' },
  ],
  ['gives up when the address belongs to somebody else', {}, { ...nothing, app: 'foreign' }, fresh, { kind: 'fail', reason: 'address-taken' }],
  ['never gives up a living instance because a token was refused', {}, { ...nothing, app: 'foreign' }, lived, { kind: 'blocked' }],
  ['opens the network before the storage', {}, { ...empty, ips: false }, fresh, { kind: 'allocate-ips' }],
  ['makes the storage in the wanted region', {}, empty, fresh, { kind: 'create-volume', region: 'ams', sourceVolumeId: null }],
  ['does not make a second volume while the first may be unlisted', {}, empty, { ...fresh, sent: sent('create-volume', 1_000) }, { kind: 'wait' }],
  [
    'falls back to the nearest region of the same area when one is full',
    {},
    empty,
    { ...fresh, fullRegions: ['ams'] },
    { kind: 'create-volume', region: 'lhr' },
  ],
  [
    'asks the owner when the whole area is full',
    {},
    empty,
    { ...fresh, fullRegions: ['ams', 'fra', 'cdg', 'lhr', 'arn'] },
    { kind: 'blocked', reason: 'region-full' },
  ],
  [
    'makes the machine where the volume is',
    {},
    { ...empty, volumes: [volume] },
    { ...fresh, volumeId: 'vol_1' },
    { kind: 'create-machine', region: 'ams', volumeId: 'vol_1' },
  ],
  ['adopts a volume that it finds under its name', {}, { ...empty, volumes: [volume] }, fresh, { kind: 'create-machine', volumeId: 'vol_1' }],
  [
    'removes an empty volume in a region that turned out full',
    {},
    { ...empty, volumes: [volume] },
    { ...fresh, volumeId: 'vol_1', fullRegions: ['ams'] },
    { kind: 'delete-volume', id: 'vol_1' },
  ],
  [
    'removes a doubled empty volume',
    {},
    { ...empty, volumes: [volume, { ...volume, id: 'vol_2' }] },
    { ...fresh, volumeId: 'vol_1' },
    { kind: 'delete-volume', id: 'vol_2' },
  ],
  [
    'replaces an empty volume whose host is full',
    {},
    { ...empty, volumes: [volume] },
    { ...fresh, volumeId: 'vol_1', hostFull: true },
    { kind: 'delete-volume', id: 'vol_1' },
  ],
  [
    'forks a volume with data whose host is full',
    {},
    { ...empty, volumes: [volume] },
    { ...lived, machineId: null, hostFull: true },
    { kind: 'create-volume', region: 'ams', sourceVolumeId: 'vol_1' },
  ],
  [
    'moves to the fork',
    {},
    { ...empty, volumes: [volume, { ...volume, id: 'vol_2' }] },
    { ...lived, machineId: null, hostFull: true },
    { kind: 'create-machine', volumeId: 'vol_2' },
  ],
  ['never replaces lost storage by an empty one', {}, empty, { ...lived, machineId: null }, { kind: 'blocked', reason: 'storage-lost' }],
  ['not at the second look either', {}, empty, { ...lived, machineId: null, storageLost: true }, { kind: 'blocked', reason: 'storage-lost' }],
  [
    'looks twice before a copy takes the place of lost storage',
    {},
    { ...empty, lostCopy: copy },
    { ...lived, machineId: null },
    { kind: 'blocked', reason: 'storage-lost', ms: LOST_AGAIN_MS },
  ],
  [
    'makes lost storage anew from its newest copy',
    {},
    { ...empty, lostCopy: copy },
    { ...lived, machineId: null, storageLost: true },
    { kind: 'create-volume', region: 'ams', sourceVolumeId: null, copy },
  ],
  [
    'does not make it twice while the first may be unlisted',
    {},
    { ...empty, lostCopy: copy },
    { ...lived, machineId: null, storageLost: true, sent: sent('create-volume', 1_000) },
    { kind: 'wait' },
  ],
  [
    'goes on with what was made from the copy, though the answer was lost',
    {},
    { ...empty, volumes: [{ ...volume, id: 'vol_2' }], lostCopy: null },
    { ...lived, machineId: null, storageLost: true },
    { kind: 'create-machine', volumeId: 'vol_2' },
  ],
  [
    'does not make a second machine while the first may be unlisted',
    {},
    { ...empty, volumes: [volume] },
    { ...fresh, volumeId: 'vol_1', sent: sent('create-machine', 1_000) },
    { kind: 'wait' },
  ],
  [
    'removes a doubled machine',
    {},
    { ...empty, machines: [running, { ...running, id: 'm2' }] },
    { ...lived, machineId: 'm1' },
    { kind: 'delete-machine', id: 'm2' },
  ],
  [
    'gives a deployment up after its limit',
    {},
    { ...empty, machines: [running] },
    { ...fresh, operationStartedAt: NOW - DEPLOY_LIMIT_MS - 1 },
    { kind: 'fail', reason: 'too-slow' },
  ],
]

const running_: Row[] = [
  [
    'waits while the gateway is installed',
    {},
    { ...empty, machines: [{ ...stopped, phase: 'created', preparing: true }] },
    { ...fresh, machineId: 'm1' },
    { kind: 'wait' },
  ],
  ['probes before it calls a machine live', {}, { ...empty, machines: [running] }, { ...fresh, machineId: 'm1' }, { kind: 'probe' }],
  ['is settled when healthy on the wanted configuration', {}, { ...empty, machines: [running] }, lived, { kind: 'settled' }],
  [
    'does not take "started" on the old configuration for success',
    { spec: 'spec-2' },
    { ...empty, machines: [running] },
    lived,
    { kind: 'update-machine' },
  ],
  [
    'waits for an update that was sent',
    { spec: 'spec-2' },
    { ...empty, machines: [running] },
    { ...lived, sent: sent('update-machine', 5_000, { spec: 'spec-2' }) },
    { kind: 'wait' },
  ],
  [
    'sends a lost update again',
    { spec: 'spec-2' },
    { ...empty, machines: [running] },
    { ...lived, sent: sent('update-machine', RESEND_MS + 1, { spec: 'spec-2' }) },
    { kind: 'update-machine' },
  ],
  ['restarts when asked', { restart: 1 }, { ...empty, machines: [running] }, lived, { kind: 'restart-machine' }],
  [
    'waits for a restart until a new start is seen',
    { restart: 1 },
    { ...empty, machines: [running] },
    { ...lived, sent: sent('restart-machine', 5_000, { restart: 1 }) },
    { kind: 'wait' },
  ],
  [
    'sees a restart by its new start',
    { restart: 1 },
    { ...empty, machines: [{ ...running, lastStartId: 's2' }] },
    { ...lived, sent: sent('restart-machine', 5_000, { restart: 1 }) },
    { kind: 'restart-seen' },
  ],
  [
    'takes a start for the restart that was asked of a stopped machine',
    { restart: 1 },
    { ...empty, machines: [{ ...running, lastStartId: 's2' }] },
    { ...lived, sent: sent('start-machine', 5_000, { restart: 1 }) },
    { kind: 'restart-seen' },
  ],
  [
    'sends a lost restart again',
    { restart: 1 },
    { ...empty, machines: [running] },
    { ...lived, sent: sent('restart-machine', RESEND_MS + 1, { restart: 1 }) },
    { kind: 'restart-machine' },
  ],
  [
    'leaves a machine in transition alone',
    { restart: 1 },
    { ...empty, machines: [{ ...running, phase: 'moving', state: 'replacing' }] },
    { ...lived, sent: sent('restart-machine', HARD_LIMIT_MS - 1, { restart: 1 }) },
    { kind: 'wait' },
  ],
  [
    'starts a machine that is stuck in transition past the hard limit',
    { restart: 1 },
    { ...empty, machines: [{ ...running, phase: 'moving', state: 'replacing' }] },
    { ...lived, sent: sent('restart-machine', HARD_LIMIT_MS + 1, { restart: 1 }) },
    { kind: 'start-machine' },
  ],
  ['stops when asked', { power: 'off' }, { ...empty, machines: [running] }, lived, { kind: 'stop-machine' }],
  ['is settled when stopped as asked', { power: 'off' }, { ...empty, machines: [stopped] }, lived, { kind: 'settled' }],
  ['starts a stopped machine', {}, { ...empty, machines: [stopped] }, lived, { kind: 'start-machine' }],
  [
    'pauses longer after each start that did not last',
    {},
    { ...empty, machines: [stopped] },
    { ...lived, sent: sent('start-machine', 3_000, { tries: 2 }) },
    { kind: 'wait' },
  ],
  [
    'tries again after the pause',
    {},
    { ...empty, machines: [stopped] },
    { ...lived, sent: sent('start-machine', 4_001, { tries: 2 }) },
    { kind: 'start-machine' },
  ],
  [
    'gives up a new assistant that never lives',
    {},
    { ...empty, machines: [stopped] },
    { ...fresh, machineId: 'm1', sent: sent('start-machine', 600_000, { tries: START_TRIES_MAX }) },
    { kind: 'fail', reason: 'keeps-crashing' },
  ],
  [
    'never gives up an assistant that has lived',
    {},
    { ...empty, machines: [stopped] },
    { ...lived, sent: sent('start-machine', 600_000, { tries: 40 }) },
    { kind: 'start-machine' },
  ],
  [
    'does not loop on a bad configuration',
    {},
    { ...empty, machines: [{ ...stopped, exit: exited(EXIT_BAD_CONFIG) }] },
    { ...lived, sent: sent('start-machine', 60_000) },
    { kind: 'blocked', reason: 'bad-config' },
  ],
  [
    'tries a bad configuration once more when a person asks',
    { restart: 1 },
    { ...empty, machines: [{ ...stopped, exit: exited(EXIT_BAD_CONFIG) }] },
    { ...lived, sent: sent('start-machine', 60_000) },
    { kind: 'start-machine' },
  ],
  [
    'applies a changed configuration to a machine that stopped over the old one',
    { spec: 'spec-2' },
    { ...empty, machines: [{ ...stopped, exit: exited(EXIT_BAD_CONFIG) }] },
    { ...lived, sent: sent('start-machine', 60_000) },
    { kind: 'update-machine' },
  ],
  [
    'waits for a host that is down',
    {},
    { ...empty, machines: [{ ...running, hostUnreachable: true }] },
    lived,
    { kind: 'blocked', reason: 'host-unreachable' },
  ],
  [
    'forks the data before it leaves a full host',
    {},
    { ...empty, volumes: [volume], machines: [stopped] },
    { ...lived, hostFull: true },
    { kind: 'create-volume', sourceVolumeId: 'vol_1' },
  ],
  [
    'leaves a full host once the data is forked',
    {},
    { ...empty, volumes: [volume, { ...volume, id: 'vol_2' }], machines: [stopped] },
    { ...lived, hostFull: true },
    { kind: 'delete-machine', id: 'm1' },
  ],
  [
    'removes the old volume only when the new one lives',
    {},
    { ...empty, volumes: [volume, { ...volume, id: 'vol_2' }], machines: [running] },
    lived,
    { kind: 'delete-volume', id: 'vol_2' },
  ],
]

const destroying: Row[] = [
  ['removes the machine first', { deleted: true }, { ...empty, volumes: [volume], machines: [running] }, lived, { kind: 'delete-machine', id: 'm1' }],
  [
    'waits until the machine is confirmed gone',
    { deleted: true },
    { ...empty, volumes: [volume], machines: [{ ...running, phase: 'destroying' }] },
    lived,
    { kind: 'wait' },
  ],
  ['then removes the storage', { deleted: true }, { ...empty, volumes: [volume] }, lived, { kind: 'delete-volume', id: 'vol_1' }],
  ['then the app', { deleted: true }, { ...empty, volumes: [{ ...volume, going: true }] }, lived, { kind: 'delete-app' }],
  ['is gone when the app is confirmed gone', { deleted: true }, nothing, lived, { kind: 'gone' }],
  [
    'looks once more after a create that was sent a moment ago',
    { deleted: true },
    nothing,
    { ...fresh, sent: sent('create-app', 1_000) },
    { kind: 'wait' },
  ],
  ['does not take a refused look for absence', { deleted: true }, { ...nothing, app: 'foreign' }, lived, { kind: 'blocked' }],
]

describe.each([
  ['building', building],
  ['running', running_],
  ['destroying', destroying],
])('nextStep while %s', (_, rows) => {
  it.each(rows)('%s', (_guarantee, desired, observed, memory, step) => {
    expect(nextStep({ ...wanted, ...desired }, observed, memory, NOW)).toMatchObject(step)
  })
})

describe('startPauseMs', () => {
  it('doubles from one second and stops at five minutes', () => {
    const pause = (tries: number): number => startPauseMs({ ...lived, sent: sent('start-machine', 0, { tries }) })
    expect([1, 2, 3, 20].map(pause)).toEqual([2_000, 4_000, 8_000, 300_000])
  })
})
