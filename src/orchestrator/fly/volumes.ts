// Volumes and their snapshots.
import { onApp } from './apps.ts'
import { ExtendAnswer, SnapshotsAnswer, VolumeAnswer, VolumesAnswer } from './schemas.ts'
import type { Call, Transport } from './transport.ts'
import type { FlyClient, FlyGuest, Guest } from './types.ts'

type VolumeCalls = Pick<
  FlyClient,
  'listVolumes' | 'getVolume' | 'createVolume' | 'extendVolume' | 'deleteVolume' | 'createSnapshot' | 'listSnapshots'
>

/** A guest as Fly writes it. Swap is not part of it: it goes under `init` of the machine's configuration. */
export function toFlyGuest(guest: Guest): FlyGuest {
  return { cpu_kind: guest.cpuKind, cpus: guest.cpus, memory_mb: guest.memoryMb }
}

/** The calls about volumes. */
export function createVolumeCalls(transport: Transport): VolumeCalls {
  const onVolume = (operation: Call['operation'], method: Call['method'], app: string, ...rest: string[]): Call =>
    onApp(operation, method, app, 'volumes', ...rest)
  return {
    async listVolumes(app) {
      const volumes = await transport.read(onVolume('listVolumes', 'GET', app), VolumesAnswer)
      return volumes.filter((volume) => volume.state !== 'destroyed')
    },
    async getVolume(app, id) {
      const volume = await transport.find(onVolume('getVolume', 'GET', app, id), VolumeAnswer)
      return volume?.state === 'destroyed' ? null : volume
    },
    createVolume(app, input) {
      const body = {
        name: input.name,
        region: input.region,
        size_gb: input.sizeGb,
        // With it, Fly puts the volume on a host that has room for the machine too.
        compute: toFlyGuest(input.compute),
        snapshot_id: input.snapshotId,
        source_volume_id: input.sourceVolumeId,
        snapshot_retention: input.snapshotDays,
      }
      return transport.read({ ...onVolume('createVolume', 'POST', app), body }, VolumeAnswer)
    },
    async extendVolume(app, id, sizeGb) {
      const call = { ...onVolume('extendVolume', 'PUT', app, id, 'extend'), body: { size_gb: sizeGb } }
      const answer = await transport.read(call, ExtendAnswer)
      return { needsRestart: answer.needs_restart === true }
    },
    deleteVolume: (app, id) => transport.remove(onVolume('deleteVolume', 'DELETE', app, id)),
    createSnapshot: (app, volumeId) => transport.send(onVolume('createSnapshot', 'POST', app, volumeId, 'snapshots')),
    listSnapshots: (app, volumeId) => transport.read(onVolume('listSnapshots', 'GET', app, volumeId, 'snapshots'), SnapshotsAnswer),
  }
}
