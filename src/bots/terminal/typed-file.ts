// A file at the terminal is sent by its path: typed, or dropped into the window, which types it.
import { open, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import type { SentFile } from '../core/face.ts'

/** The file of settings whose path was typed; null for anything else. */
export async function typedFile(line: string): Promise<SentFile | null> {
  // Terminals put a dropped path into quotes, or a backslash before what would end it.
  const bare = /^(["'])(.*)\1$/.exec(line)?.[2] ?? line.replaceAll(/\\(.)/g, '$1')
  if (!/\.(json5?|jsonc)$/i.test(bare)) return null
  const path = bare.startsWith('~/') ? join(homedir(), bare.slice(2)) : bare
  const found = await stat(path).catch(() => null)
  if (found === null || !found.isFile()) return null
  return { name: basename(path), bytes: found.size, read: (bytesMax) => contentOf(path, bytesMax) }
}

async function contentOf(path: string, bytesMax: number): Promise<Buffer | 'too-large' | 'gone'> {
  try {
    await using file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytesMax + 1), 0, bytesMax + 1, 0)
    return bytesRead > bytesMax ? 'too-large' : buffer.subarray(0, bytesRead)
  } catch {
    return 'gone'
  }
}
