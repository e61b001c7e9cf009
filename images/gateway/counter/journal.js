// The journal of messages that counts.ts of the supervisor reads: where it is, what a line says, and how one is added. A line holds an hour, a
// channel and a digest: neither what was said nor who said it.
import { createHash } from 'node:crypto'
import { close, closeSync, fsync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** The file that lines are added to. */
export const JOURNAL = 'messages.jsonl'

/**
 * The folder of the journal, in that of the supervisor on the volume.
 * @param {string} ownDir
 */
export function journalFolder(ownDir) {
  return join(ownDir, 'messages')
}

/**
 * The line for a message. Platforms number messages per conversation, so all four say together which one it is. It begins with a line break
 * as well: what a writer that was killed left of its line ends there.
 * @param {{ channel: string, account: string, conversation: string, id: string }} message
 * @param {Date} at
 */
export function lineOf({ channel, account, conversation, id }, at) {
  const digest = createHash('sha256')
    .update(JSON.stringify([channel, account, conversation, id]))
    .digest('base64url')
    .slice(0, 16)
  return `\n${JSON.stringify({ v: 1, hour: at.toISOString().slice(0, 13), channel, id: digest })}\n`
}

/**
 * Adds a line in one write, and has it brought to the disk. The file is opened each time: the supervisor moves it away when it is long enough.
 * @param {string} folder
 * @param {string} line
 */
export function appendLine(folder, line) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = openSync(join(folder, JOURNAL), 'a', 0o600)
  try {
    if (writeSync(file, line) < Buffer.byteLength(line)) throw new Error('a part of the line was written only: is the volume full?')
  } catch (error) {
    closeSync(file)
    throw error
  }
  // Not waited for: a message must not stand behind a slow disk.
  fsync(file, () => close(file))
}
