// Programs beside the bench: targets, drivers, servers. Each says that it is ready with its first line of JSON, and ends with the bench at the latest.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Program = {
  pid: number
  /** The next line that it prints, parsed. */
  line(): Promise<unknown>
  /** Sends it a line of JSON and gives the line that it answers with. */
  ask(order: unknown): Promise<unknown>
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>
}

/** Starts a program of bench/support/ under this Node. */
export function startScript(name: string, args: readonly string[] = []): Program {
  return startProgram(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args])
}

/** Starts any program; its complaints go to ours. */
export function startProgram(command: string, args: readonly string[], options: { quiet?: boolean } = {}): Program {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', options.quiet === true ? 'ignore' : 'inherit'] })
  const failed = once(child, 'error').then(([error]) => {
    throw error instanceof Error ? error : new Error(String(error))
  })
  failed.catch(() => undefined)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const gone = goneOf(child)
  process.once('exit', () => child.kill('SIGKILL'))
  const line = async (): Promise<unknown> => {
    const next = await Promise.race([lines.next(), failed])
    if (next.done === true) throw new Error(`${command} ${args.join(' ')} ended early`)
    return JSON.parse(next.value) as unknown
  }
  return {
    pid: child.pid ?? 0,
    line,
    ask(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      return line()
    },
    async stop() {
      child.kill('SIGTERM')
      const hard = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await gone
      clearTimeout(hard)
    },
  }
}

async function goneOf(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
}
