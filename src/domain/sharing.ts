// What somebody may do with an instance: its owner everything, and whoever is in a place that it is shared with what the owner allowed there.

export const roles = ['see', 'operate'] as const
/** What the owner lets the people of a shared place do: look, or also restart, stop, start and read the logs. */
export type Role = (typeof roles)[number]
/** What somebody is to an instance. */
export type Standing = 'owner' | Role

export const roomKinds = ['topic', 'group', 'channel', 'server', 'workspace'] as const
export type RoomKind = (typeof roomKinds)[number]

const rank: Readonly<Record<Standing, number>> = { see: 1, operate: 2, owner: 3 }

/** Whether somebody of this standing may do what needs that one. */
export function allows(standing: Standing, needed: Standing): boolean {
  return rank[standing] >= rank[needed]
}
