// Everything a person may ask for. A new action is one entry here; commands, help and registrations follow from it.
import { deploy } from './deploy.ts'
import { destroy, rename } from './keeping.ts'
import { instances, logs, status } from './look.ts'
import { restart, start, stop } from './power.ts'

export const catalogue = { deploy, instances, status, logs, restart, stop, start, rename, destroy }

export type Catalogue = typeof catalogue
export type ActionName = keyof Catalogue
type Value<R> = R extends { ok: true; value: infer V } ? V : never
export type OutputOf<N extends ActionName> = Value<Awaited<ReturnType<Catalogue[N]['run']>>>
