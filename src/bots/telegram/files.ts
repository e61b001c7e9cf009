// Files that people send: Telegram says on request where one is, for an hour. The address has the token in it, and is kept nowhere.
import type { Bot } from 'grammy'
import { fetchBounded } from '../../lib/bounded-fetch.ts'
import type { Sealed } from '../../lib/sealed.ts'

export type ReadFile = (fileId: string, bytesMax: number) => Promise<Buffer | 'too-large' | 'gone'>

const TELEGRAM = 'https://api.telegram.org'

/** Reads files with the token of a bot. */
export function fileReader(bot: Bot, { token, apiRoot = TELEGRAM }: { token: Sealed; apiRoot?: string }): ReadFile {
  return async (fileId, bytesMax) => {
    // Too large a file is refused here already, and so is one that is gone.
    const path = await bot.api.getFile(fileId).then(
      (file) => file.file_path,
      () => undefined,
    )
    return path === undefined ? 'gone' : fetchBounded(`${apiRoot}/file/bot${token.open()}/${path}`, { bytesMax })
  }
}
