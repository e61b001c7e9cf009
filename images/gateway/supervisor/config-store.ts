// The gateway's configuration, as the control plane sends it: versioned, checked by the gateway's own program before it takes the place of the
// one before, and given up again for the last one that it ran with when it will not start. Its secrets are names that the gateway looks up in
// its environment: none is in these files.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type SentConfig = { version: number; document: string }
export type ConfigState = {
  /** The version that is in place; 0 when there is none. */
  running: number
  /** The newest version that was not taken, and why. */
  refused: { version: number; why: string } | null
}
export type Offer = { kind: 'taken' | 'known' } | { kind: 'refused'; why: string }
export type ConfigStore = {
  state(): ConfigState
  /** Takes a version that is newer than what it has. `force`: without asking the program first. */
  offer(sent: SentConfig, force?: boolean): Promise<Offer>
  /** The gateway runs with what is in place: it is what to go back to. */
  proven(): void
  /** The gateway refuses what is in place. True when the last good one took its place. */
  goBack(why: string): boolean
}

export type ConfigStoreDeps = {
  dir: string
  /** Where the gateway reads it. */
  file: string
  /** What is wrong with a document, by the word of the program that will read it; null when nothing is. */
  validate: (document: string) => Promise<string | null>
}

const WHY_CHARS_MAX = 1_000

export function createConfigStore({ dir, file, validate }: ConfigStoreDeps): ConfigStore {
  mkdirSync(dir, { recursive: true })
  mkdirSync(join(file, '..'), { recursive: true })
  const statePath = join(dir, 'state.json')
  const goodPath = join(dir, 'good.json')
  let state = readState(statePath)
  const remember = (next: ConfigState): void => {
    state = next
    writeWhole(statePath, JSON.stringify(next))
  }
  const place = (document: string): void => {
    // Beside an older one of its own the gateway would put that back.
    rmSync(`${file}.bak`, { force: true })
    writeWhole(file, document)
  }
  const refuse = (version: number, why: string): Offer => {
    const short = why.slice(0, WHY_CHARS_MAX)
    remember({ ...state, refused: { version, why: short } })
    return { kind: 'refused', why: short }
  }
  return {
    state: () => state,
    async offer({ version, document }, force = false) {
      if (version <= state.running) return { kind: 'known' }
      if (readText(file) === document) {
        remember({ ...state, running: version })
        return { kind: 'known' }
      }
      if (!force && state.refused !== null && version <= state.refused.version) return { kind: 'refused', why: state.refused.why }
      const wrong = force ? null : await validate(document)
      if (wrong !== null) return refuse(version, wrong)
      place(document)
      remember({ running: version, refused: null })
      return { kind: 'taken' }
    },
    proven() {
      const good = readSent(goodPath)
      if (good?.version === state.running) return
      const document = readText(file)
      if (document !== null) writeWhole(goodPath, JSON.stringify({ version: state.running, document }))
    },
    goBack(why) {
      const good = readSent(goodPath)
      if (good === null || good.version === state.running) return false
      const { running } = state
      place(good.document)
      remember({ running: good.version, refused: { version: running, why: why.slice(0, WHY_CHARS_MAX) } })
      return true
    },
  }
}

/** What the control plane left for the start, or null. */
export function readSent(path: string): SentConfig | null {
  const value = readJson(path)
  if (typeof value !== 'object' || value === null || !('version' in value) || !('document' in value)) return null
  const { version, document } = value
  return typeof version === 'number' && Number.isInteger(version) && typeof document === 'string' ? { version, document } : null
}

function readState(path: string): ConfigState {
  const value = readJson(path)
  if (typeof value !== 'object' || value === null || !('running' in value) || typeof value.running !== 'number') return { running: 0, refused: null }
  const refused = 'refused' in value ? value.refused : null
  const known = typeof refused === 'object' && refused !== null && 'version' in refused && 'why' in refused
  return {
    running: value.running,
    refused: known && typeof refused.version === 'number' ? { version: refused.version, why: String(refused.why) } : null,
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readText(path) ?? 'null')
  } catch {
    return null
  }
}

/** There is the old content or the new one, and nothing in between. */
export function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}
