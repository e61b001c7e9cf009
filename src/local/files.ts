import { constants } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

let writes = 0

/** Writes a whole file so that a reader, or a killed writer, never leaves half of it: temporary file, then rename. */
export async function writeAtomically(file: string, text: string, mode = 0o644): Promise<void> {
  writes += 1
  const temporary = `${file}.${process.pid}.${writes}.tmp`
  await writeFile(temporary, text, { mode })
  await rename(temporary, file)
}

/** Whether an error of the file system says "no such file". */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/**
 * Copies a folder that may be in use, as a disk snapshot would: files that vanish meanwhile are left out, sockets and pipes too.
 * Uses the file system's own cloning where it can. A source that does not exist copies as an empty folder.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const entries = await readdir(from, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  for (const entry of entries) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    try {
      if (entry.isDirectory()) await copyTree(source, target)
      else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
      else if (entry.isFile()) await copyFile(source, target, constants.COPYFILE_FICLONE)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
}

/** Bytes in a folder's files; 0 when it does not exist. */
export async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += await sizeOf(path)
    else
      bytes += await lstat(path).then(
        (stat) => stat.size,
        () => 0,
      )
  }
  return bytes
}

/** Writes one file of a machine's configuration; nothing may already lead out of `root` through a link. */
export async function placeFile(root: string, relativePath: string, content: Buffer, mode: number): Promise<void> {
  const target = join(root, relativePath)
  for (let parent = dirname(target); parent.length > root.length; parent = dirname(parent)) {
    const stat = await lstat(parent).catch(() => null)
    if (stat?.isSymbolicLink() === true) await rm(parent)
  }
  await mkdir(dirname(target), { recursive: true })
  await rm(target, { force: true })
  await writeFile(target, content, { mode })
  await chmod(target, mode)
}
