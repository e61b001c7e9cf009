// Apps and what belongs to a whole app: its addresses and its secrets.
import { ProviderError } from './errors.ts'
import type { LimiterKey } from './limiter.ts'
import { AppAnswer, IpsAnswer, SecretsAnswer, SecretSetAnswer } from './schemas.ts'
import type { Call, Transport } from './transport.ts'
import type { FlyClient } from './types.ts'

type AppCalls = Pick<FlyClient, 'createApp' | 'getApp' | 'deleteApp' | 'listIps' | 'allocateIp' | 'setSecret' | 'listSecrets' | 'deleteSecret'>

/** The calls about apps. `org` is the organisation that new apps belong to, and that an existing one must belong to. */
export function createAppCalls(transport: Transport, org: string): AppCalls {
  const getApp: AppCalls['getApp'] = (name) => transport.find(onApp('getApp', 'GET', name), AppAnswer)

  // The name exists. It is ours if a token of ours may read it and the organisation is the one that we asked for.
  async function isOurs(name: string): Promise<boolean> {
    try {
      return (await getApp(name))?.orgSlug === org
    } catch (error) {
      if (error instanceof ProviderError && error.kind === 'foreign') return false
      throw error
    }
  }

  return {
    getApp,
    async createApp({ name, network }) {
      const call: Call = { operation: 'createApp', method: 'POST', path: ['apps'], limit: action('createApp', name) }
      try {
        await transport.send({ ...call, body: { app_name: name, org_slug: org, network } })
      } catch (error) {
        if (!(error instanceof ProviderError) || error.kind !== 'name-taken' || !(await isOurs(name))) throw error
      }
    },
    // The limit is the account's, so that one bucket holds for all apps.
    deleteApp: (name) => transport.remove({ ...onApp('deleteApp', 'DELETE', name), limit: { class: 'delete-app', action: 'deleteApp', id: '' } }),
    listIps: (app) => transport.read(onApp('listIps', 'GET', app, 'ip_assignments'), IpsAnswer),
    allocateIp: (app, type) => transport.send({ ...onApp('allocateIp', 'POST', app, 'ip_assignments'), body: { type } }),
    setSecret: (app, name, secret) =>
      transport.read({ ...onApp('setSecret', 'POST', app, 'secrets', name), body: { value: secret.open() } }, SecretSetAnswer),
    listSecrets: (app) => transport.read(onApp('listSecrets', 'GET', app, 'secrets'), SecretsAnswer),
    async deleteSecret(app, name) {
      await transport.remove(onApp('deleteSecret', 'DELETE', app, 'secrets', name))
    },
  }
}

/** A call under an app, limited by the app. */
export function onApp(operation: Call['operation'], method: Call['method'], app: string, ...rest: string[]): Call {
  return { operation, method, path: ['apps', app, ...rest], limit: action(operation, app) }
}

function action(operation: Call['operation'], id: string): LimiterKey {
  return { class: 'action', action: operation, id }
}
