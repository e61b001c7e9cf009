// A conversation without a platform: the router and the notifier on a memory chat, over a world of its own.
import { createNotifier, type Notifier } from '../../../src/bots/core/notifier.ts'
import { createRender } from '../../../src/bots/core/render.ts'
import { createRouter, type Router } from '../../../src/bots/core/router.ts'
import { chats, outbox } from '../../../src/db/schema.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { silentLog } from '../../../src/lib/log.ts'
import type { World } from '../../support/world.ts'
import { createPerson, type MemoryChat, type Person } from './memory-chat.ts'

export type Scene = {
  world: World
  router: Router
  chat: MemoryChat
  notifier: Notifier
  ann: Person
  /** Delivers everything that is owed, also what waits for its time. */
  news: () => Promise<void>
  person: (subject: string, more?: Omit<Parameters<typeof createPerson>[2], 'subject'>) => Person
  restarted: () => Scene
}

/** The router and the notifier of `world`, with `chat` as their only platform; and the address of our pages, if there are any. */
export function sceneOn(world: World, chat: MemoryChat, webAddress: string | null = null): Scene {
  const info = { gatewayImage: 'gateway:stub', webAddress, billing: false }
  const { db } = world.database
  const { clock, actions } = world
  const notifier = createNotifier({
    db,
    faces: new Map([[chat.face.provider, chat.face]]),
    clock: systemClock,
    random: () => 0,
    log: silentLog,
    owner: 'test',
    render: createRender({ db, clock, info, pairingCode: (id) => world.pairings.codeOf(id) }),
  })
  const router = createRouter({ db, actions, clock, random: () => 0, log: silentLog, notifierWake: () => undefined, info })
  const person: Scene['person'] = (subject, more) => createPerson(chat, (inbound, face) => router.handle(inbound, face), { subject, ...more })
  const news = async (): Promise<void> => {
    await db.update(outbox).set({ notBefore: new Date('2020-01-01T00:00:00Z') })
    await db.update(chats).set({ notBefore: new Date('2020-01-01T00:00:00Z') })
    await notifier.drain()
  }
  return { world, router, chat, notifier, ann: person('ann'), news, person, restarted: () => sceneOn(world, chat, webAddress) }
}
