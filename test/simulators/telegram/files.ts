// Files that people sent: where one is, and what is there for whoever has the bot's token.
import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Answer, Chats, Message } from './chats.ts'

const wantedSchema = z.object({ file_id: z.string() })

/** What getFile says. */
export function whereFileIs(chats: Chats, params: unknown): Answer {
  const { file_id } = wantedSchema.parse(params)
  const found = chats.messages.find((one) => `document-${one.id}` === file_id && !one.deleted)
  if (found?.file == null) return { ok: false, error_code: 400, description: 'Bad Request: wrong file_id or the file is temporarily unavailable' }
  const place = { file_size: Buffer.byteLength(found.file), file_path: `documents/file_${found.id}` }
  return { ok: true, result: { file_id, file_unique_id: `d${found.id}`, ...place } }
}

/** Answers a download; false when the address is not one of a file. */
export function handsOutFile(url: string, { token, messages }: { token: string; messages: readonly Message[] }, response: ServerResponse): boolean {
  const [, holder, id] = /^\/file\/bot([^/]*)\/documents\/file_(\d+)$/.exec(url) ?? []
  if (holder === undefined) return false
  const content = holder === token ? (messages.find((one) => String(one.id) === id)?.file ?? null) : null
  response.writeHead(content === null ? 404 : 200).end(content ?? '')
  return true
}
