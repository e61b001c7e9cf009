// HTTP for any number of workspaces: Slack's signed requests come in on our own port, and a workspace adds us with OAuth.
// Two receivers share the work. The library looks the token up in the store before it lets an event be acknowledged; the one for events
// therefore knows nothing of OAuth, and tokens are looked up after the acknowledgement. The other one installs, and renews tokens.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { App, HTTPReceiver, type webApi } from '@slack/bolt'
import { languageOf } from '../../domain/language.ts'
import { ConchError, messageOf } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { Sealed } from '../../lib/sealed.ts'
import { inLanguage, language } from '../core/language.ts'
import { createInstallations, type InstallationRows, type Installations } from './installations.ts'
import { scopes } from './manifest.ts'
import { isOrganisation } from './payloads.ts'
import { pageWords } from './words.ts'
import { loggerTo } from './workspaces.ts'

export type HttpOptions = {
  signingSecret: Sealed
  clientId: string
  clientSecret: Sealed
  stateSecret: Sealed
  /** Where browsers and Slack reach us, without a slash at the end. */
  publicUrl: string
  rows: InstallationRows
  /** Slack's page on which a workspace agrees; by default Slack's own. */
  authorizationUrl?: string
}
export type SlackHttp = {
  app: App
  installations: Installations
  installUrl: string
  tokenOf(tenant: string): Promise<string | null>
  /** Until it is open Slack is told to come again later. */
  open(ready: boolean): void
  requestListener: RequestListener
}

export const PATHS = { events: '/slack/events', install: '/slack/install', redirect: '/slack/oauth_redirect' } as const

export function createHttp(options: HttpOptions, deps: { clientOptions: webApi.WebClientOptions; log: Log }): SlackHttp {
  const { publicUrl, signingSecret, rows, stateSecret } = options
  const { clientOptions, log } = deps
  const installations = createInstallations({ rows, secret: stateSecret, log })
  const events = new HTTPReceiver({ signingSecret: signingSecret.open(), endpoints: PATHS.events, logger: loggerTo(log) })
  const installing = installingReceiver(options, installations, deps)
  // Our own listeners know whose event it is, and find the token themselves.
  const app = new App({ receiver: events, authorize: async () => ({}), ignoreSelf: false, clientOptions, logger: loggerTo(log) })
  let ready = false
  return {
    app,
    installations,
    installUrl: `${publicUrl}${PATHS.install}`,
    tokenOf: (tenant) => tokenOf(tenant, { installing, installations }),
    open: (now) => void (ready = now),
    requestListener(request, response) {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      if (pathname === PATHS.events && request.method === 'POST') {
        if (!ready) return answer(response, 503)
        return events.requestListener(request, response)
      }
      if ((pathname === PATHS.install || pathname === PATHS.redirect) && request.method === 'GET')
        return installing.requestListener(request, response)
      answer(response, 404)
    },
  }
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status).end()
}

function installingReceiver(
  options: HttpOptions,
  installations: Installations,
  { clientOptions, log }: { clientOptions: webApi.WebClientOptions; log: Log },
): HTTPReceiver {
  const { publicUrl, clientId, clientSecret, stateSecret, signingSecret, authorizationUrl } = options
  const { logger: _logger, ...oauthOptions } = clientOptions
  return new HTTPReceiver({
    signingSecret: signingSecret.open(),
    clientId,
    clientSecret: clientSecret.open(),
    stateSecret: stateSecret.open(),
    installationStore: installations,
    scopes: [...scopes],
    redirectUri: `${publicUrl}${PATHS.redirect}`,
    logger: loggerTo(log),
    installerOptions: {
      directInstall: true,
      installPath: PATHS.install,
      redirectUriPath: PATHS.redirect,
      clientOptions: oauthOptions,
      ...(authorizationUrl !== undefined && { authorizationUrl }),
      callbackOptions: {
        success: (_installation, _options, request, response) => page(request, response, 'added'),
        failure: (error, _options, request, response) => {
          log.warn({ reason: messageOf(error) }, 'a workspace could not add us')
          page(request, response, 'failed')
        },
      },
    },
  })
}

/** The token for a workspace, renewed when it is about to end; null where we are not installed. */
async function tokenOf(
  tenant: string,
  { installing, installations }: { installing: HTTPReceiver; installations: Installations },
): Promise<string | null> {
  const { installer } = installing
  if (installer === undefined) throw new ConchError('slack.no-installer', 'the receiver was made without OAuth')
  if ((await installations.find(tenant)) === null) return null
  const authorized = isOrganisation(tenant)
    ? await installer.authorize({ teamId: undefined, enterpriseId: tenant, isEnterpriseInstall: true })
    : await installer.authorize({ teamId: tenant, enterpriseId: undefined, isEnterpriseInstall: false })
  return authorized.botToken ?? null
}

function page(request: IncomingMessage, response: ServerResponse, end: 'added' | 'failed'): void {
  // A browser names first what its person likes best.
  const spoken = languageOf(request.headers['accept-language']?.split(/[,;]/)[0]) ?? 'en'
  const html = inLanguage(spoken, () => pageHtml(pageWords(end)))
  response
    .writeHead(end === 'added' ? 200 : 400, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    .end(html)
}

function pageHtml({ title, text }: { title: string; text: string }): string {
  return `<!doctype html><html lang="${language()}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title>
<style>:root{color-scheme:light dark}body{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}</style>
<h1>${title}</h1><p>${text}</p></html>`
}
