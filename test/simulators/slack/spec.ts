// Slack's published description of its Web API (of 2021) as a check of our calls' arguments.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const SPEC_FILE = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'specs', 'slack-web-api.openapi.json')
const specSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        parameters: z.array(z.looseObject({ name: z.string(), in: z.string().optional(), required: z.boolean().optional() })).optional(),
      }),
    ),
  ),
})

/** Later than the description, or left out of it: docs.slack.dev/reference/methods. */
const added: Readonly<Record<string, readonly string[]>> = {
  'apps.connections.open': [],
  'files.getUploadURLExternal': ['filename', 'length', 'alt_txt', 'snippet_type'],
  'files.completeUploadExternal': ['files', 'channel_id', 'channels', 'thread_ts', 'initial_comment', 'blocks'],
  'oauth.v2.access': ['grant_type', 'refresh_token', 'client_id', 'client_secret', 'code', 'redirect_uri'],
}

export type SlackSpec = { problems(method: string, args: Readonly<Record<string, string>>): string[] }

/** The check, or null where the description is not at hand. */
export function loadSlackSpec(): SlackSpec | null {
  if (!existsSync(SPEC_FILE)) return null
  const spec = specSchema.parse(JSON.parse(readFileSync(SPEC_FILE, 'utf8')))
  return {
    problems(method, args) {
      const operation = Object.values(spec.paths[`/${method}`] ?? {})[0]
      const more = added[method]
      if (operation === undefined && more === undefined) return [`${method}: there is no such method`]
      const parameters = operation?.parameters ?? []
      const names = new Set([...parameters.map((one) => one.name), ...(more ?? [])])
      // The token travels in the Authorization header; a renewal has no code.
      const needed = parameters.filter((one) => one.required === true && one.name !== 'token' && !(one.name === 'code' && 'refresh_token' in args))
      return [
        ...Object.keys(args).flatMap((name) => (names.has(name) ? [] : [`${method}: unknown argument ${name}`])),
        ...needed.flatMap((one) => (one.name in args ? [] : [`${method}: ${one.name} is missing`])),
      ]
    },
  }
}
