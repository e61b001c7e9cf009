// Which channels an instance listens on, from the secrets that it holds.
import { identitiesOf } from '../db/accounts.ts'
import type { Tx } from '../db/connect.ts'
import { storedOf, type Channel, type InstanceRow } from '../db/instances.ts'
import { channelsOf, credentialOf, type ChannelId } from '../domain/credentials.ts'
import type { Who } from '../domain/who.ts'

type Held = { name: string; who: Who | null }

/** The channels whose tokens are all there. The owner is let in under the ids by which we know them; anybody else is asked for a code first. */
export async function channelsFor(tx: Tx, userId: string, secrets: readonly Held[]): Promise<Channel[]> {
  const ids = channelsOf(secrets.map((one) => one.name))
  if (ids.length === 0) return []
  const own = await identitiesOf(tx, userId)
  return ids.map((id) => {
    const subjects = own.filter((one) => one.provider === id).map((one) => one.subject)
    return { id, owners: ownersOn(id, subjects, secrets).toSorted() }
  })
}

function ownersOn(id: ChannelId, subjects: readonly string[], secrets: readonly Held[]): string[] {
  if (id !== 'slack') return [...subjects]
  // A person has another id in every workspace: only that of the bot's own counts.
  const bot = secrets.find((one) => one.name === credentialOf('slack')?.secrets[0])
  return subjects.flatMap((subject) => {
    const [tenant, user] = subject.split(':')
    return user !== undefined && tenant === bot?.who?.teamId ? [user] : []
  })
}

/** The channels that are not made of secrets, and stay whatever becomes of those. */
export function pairedChannels(row: InstanceRow): Channel[] {
  return storedOf(row).channels.filter((one) => one.id === 'whatsapp')
}
