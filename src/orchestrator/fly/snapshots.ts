// The provider's own copies of whole volumes: one a day by itself, and one whenever somebody asks. Pure. Read in Fly's documentation
// (docs/volumes/snapshots, docs/volumes/volume-manage#restore-a-deleted-volume), and not tried on live Fly: that the copies of a deleted volume are
// listed under its id as long as they are kept, also after the 24 hours in which the volume itself could be recovered; that a volume in another
// region than the copy's can be made from it; and what stands in `status` before one is whole.
import type { FlySnapshot } from './types.ts'

/** The newest copy that a volume can be made from; null when there is none. One that is still being made is none yet. */
export function newestSnapshot(snapshots: readonly FlySnapshot[]): FlySnapshot | null {
  const made = snapshots.filter((one) => one.status === MADE && !Number.isNaN(Date.parse(one.createdAt)))
  return made.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))[0] ?? null
}

/** Fly's word for one that is whole: the one in its documentation of the list. Others are not named there, so none of them is trusted. */
const MADE = 'created'
