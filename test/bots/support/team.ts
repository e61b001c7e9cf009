// A group on the memory chat in which everybody reads along, and the people in it.
import type { Face, Room } from '../../../src/bots/core/face.ts'
import { createPerson, type MemoryChat, type Person } from './memory-chat.ts'
import type { Scene } from './scene.ts'

export const team: Room = { id: '-1005', kind: 'group', title: 'Team', address: '-1005' }

export type Member = Person & {
  /** What was said to this person alone when they pressed something, the newest last. */
  notes: string[]
}

/** A person in the group: what they say and press comes from there, and is answered there. */
export function member({ router, chat }: Scene, subject: string, room: Room = team): Member {
  const notes: string[] = []
  const person = createPerson(
    chat,
    (inbound, face) =>
      router.handle(
        inbound,
        inbound.kind === 'press' ? { ...inRoom(chat, face, room), note: async (text) => notes.push(text) > 0 } : inRoom(chat, face, room),
      ),
    { subject, place: 'group', rooms: [room] },
  )
  return { ...person, notes }
}

function inRoom(chat: MemoryChat, face: Face, room: Room): Face {
  const address = room.address ?? ''
  return {
    ...face,
    send: (_chat, view, options) => chat.face.send(address, view, options),
    edit: (_chat, ref, view) => chat.face.edit(address, ref, view),
  }
}
