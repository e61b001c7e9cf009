// Pictures in messages: a private file of ours that an image block shows. Slack works on a file for some moments before a message can show it. And
// files to be kept, which are shared with a chat and so are a message of their own.
import type { Clock } from '../../lib/clock.ts'
import { ConchError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { Delivery } from '../core/face.ts'
import { pictureOf } from '../core/layout.ts'
import type { FileBlock, ReadyView } from '../core/view.ts'
import { messageOf } from './blocks.ts'
import { platformError } from './delivery.ts'
import type { Client } from './workspaces.ts'

type Deps = { client: Client; clock: Clock; log: Log }
type Show = (message: ReturnType<typeof messageOf>, file?: string) => Promise<Delivery>

const UPLOAD_TIMEOUT_MS = 10_000
/** How often, and how long after each other, a message is tried whose file is not ready. */
const TRIES_MAX = 6
const PAUSE_MS = 500
/** The app was installed before it showed pictures: whoever looks after the workspace must add it once more. */
const NOT_ALLOWED = new Set(['missing_scope', 'not_allowed_token_type', 'no_permission'])

/** Shows the view with its picture, if it has one, or with what is said instead where we may not. */
export async function withPicture({ client, clock, log }: Deps, view: ReadyView, show: Show): Promise<Delivery> {
  const picture = pictureOf(view)
  const file = picture === null ? undefined : await upload(client, { name: 'code.png', bytes: picture.png }, { log })
  if (file === undefined) return show(messageOf(view))
  const message = messageOf(view, file)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await show(message, file)
    } catch (error) {
      if (platformError(error) === 'invalid_blocks' && attempt < TRIES_MAX) {
        await clock.sleep(PAUSE_MS)
        continue
      }
      await dropPicture({ client, log }, file)
      throw error
    }
  }
}

/** Takes a file away. It is shown nowhere any more: that it stays is a pity, not a failure. */
export async function dropPicture({ client, log }: Pick<Deps, 'client' | 'log'>, file: string): Promise<void> {
  try {
    await client.files.delete({ file })
  } catch (error) {
    if (platformError(error) !== 'file_not_found')
      log.warn({ reason: platformError(error) ?? 'unreachable' }, 'a picture on Slack could not be deleted')
  }
}

/** Shares a file with a chat; false where we may not. */
export async function shareFile({ client, log }: Pick<Deps, 'client' | 'log'>, channel: string, { name, content }: FileBlock): Promise<boolean> {
  return (await upload(client, { name, bytes: Buffer.from(content) }, { log, channel })) !== undefined
}

type Uploaded = { name: string; bytes: Buffer }

async function upload(client: Client, { name, bytes }: Uploaded, { log, channel }: { log: Log; channel?: string }): Promise<string | undefined> {
  try {
    const { upload_url: url, file_id: id } = await client.files.getUploadURLExternal({ filename: name, length: bytes.length })
    if (url === undefined || id === undefined) throw new ConchError('slack.no-upload', 'Slack named no place for a file')
    const answer = await fetch(url, { method: 'POST', body: new Uint8Array(bytes), signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS) })
    await answer.body?.cancel()
    if (!answer.ok) throw new ConchError('slack.upload', `Slack answered ${answer.status} to a file`)
    const files: [{ id: string; title: string }] = [{ id, title: name }]
    await client.files.completeUploadExternal(channel === undefined ? { files } : { files, channel_id: channel })
    return id
  } catch (error) {
    const code = platformError(error)
    if (code === null || !NOT_ALLOWED.has(code)) throw error
    log.warn({ code }, 'the Slack app may not show files in this workspace: it needs the scope files:write')
    return undefined
  }
}
