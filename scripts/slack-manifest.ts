// Prints the manifest of the Slack app, to be pasted at api.slack.com/apps → Create New App → From a manifest.
// `--url https://conch.example.com` makes it one for many workspaces (HTTP, OAuth); without it, for one workspace (Socket Mode).
import { parseArgs } from 'node:util'
import { slackManifest } from '../src/bots/slack/manifest.ts'

const { values } = parseArgs({ options: { url: { type: 'string' } } })
const publicUrl = values.url?.replace(/\/+$/, '') ?? null

if (publicUrl !== null && URL.parse(publicUrl)?.protocol !== 'https:') {
  process.stderr.write('Slack only calls https:// addresses: npm run slack:manifest -- --url https://conch.example.com\n')
  process.exitCode = 1
} else {
  process.stdout.write(`${JSON.stringify(slackManifest({ publicUrl }), null, 2)}\n`)
}
