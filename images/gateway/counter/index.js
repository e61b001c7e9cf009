// The counter: a plugin that the gateway loads from the image. It writes one line for every message that the assistant takes up, for the bill,
// and must never disturb the gateway: it changes nothing, waits for nothing, and a failure of its own stays its own. Plain JavaScript, because
// OpenClaw loads a compiler into the gateway for anything else.
//
// A message that counts: one inbound message, of any channel or of the gateway's own web chat, that the gateway let in and handed to the
// assistant. So it passed the channel's policy (who may write, whether a group must mention it) and is none that the gateway recognised as
// delivered before. Whether the model then answered is not asked: the work was begun, and an edit or a redelivery of it is the same message.
// What the gateway joins before the assistant sees it (an album, a burst of short messages) is one message. What does not count: commands
// (`/status`, `stop`) with one exception, `/new` or `/reset` with words for the assistant behind it; strangers; heartbeats, scheduled runs and
// what assistants tell each other; calls of the gateway's HTTP interfaces.
import { randomUUID } from 'node:crypto'
import { appendLine, journalFolder, lineOf } from './journal.js'

/**
 * What is used of OpenClaw's plugin interface (docs/plugins/hooks/messages.md in its package).
 * @typedef {{ content: string, messageId?: string, runId?: string }} ReceivedEvent
 * @typedef {{ channelId: string, accountId?: string, conversationId?: string }} ReceivedContext
 * @typedef {{
 *   config: unknown,
 *   logger: { warn(message: string): void },
 *   runtime?: { channel?: { commands?: { isControlCommandMessage?(text: string, config: unknown): boolean } } },
 *   on(hook: 'message_received', handler: (event: ReceivedEvent, context: ReceivedContext) => void): void,
 * }} Api
 */

/** These begin a conversation anew, and hand the assistant what follows. */
const COMMAND_WITH_WORDS = /^\/(?:new|reset)(?:@\S+)?\s+(?!soft\b)\S/i
/** Lines that could not be written, on a full volume for example, until the next message comes. */
const KEPT_LINES_MAX = 1_000

/** @param {Api} api */
function register(api) {
  const ownDir = process.env['CONCH_DIR']
  if (ownDir === undefined) return api.logger.warn('messages are not counted: CONCH_DIR is not set')
  const folder = journalFolder(ownDir)
  /** @type {string[]} */
  let unwritten = []
  // Its handlers run before the model is asked; the line is in the file when this returns.
  api.on('message_received', (event, context) => {
    if (isCommand(api, event.content)) return
    const id = event.messageId ?? event.runId ?? randomUUID()
    const message = { channel: context.channelId, account: context.accountId ?? '', conversation: context.conversationId ?? '', id }
    unwritten = [...unwritten, lineOf(message, new Date())].slice(-KEPT_LINES_MAX)
    try {
      for (let line = unwritten[0]; line !== undefined; line = unwritten[0]) {
        appendLine(folder, line)
        unwritten.shift()
      }
    } catch (error) {
      api.logger.warn(`${unwritten.length} messages are not written down yet: ${error instanceof Error ? error.message : String(error)}`)
    }
  })
}

/**
 * @param {Api} api
 * @param {string} text
 */
function isCommand(api, text) {
  if (COMMAND_WITH_WORDS.test(text)) return false
  const known = api.runtime?.channel?.commands?.isControlCommandMessage
  return known === undefined ? text.startsWith('/') : known(text, api.config)
}

export default { id: 'conch-counter', name: 'Message counter', description: 'Writes down that a message was taken up, for the bill.', register }
