// What an image is to this server: how to make it ready, and the command that runs it.

export type Progress = { percent: number; message: string }
export type ImageContext = {
  port: number
  /** For a gateway that stands behind something else on this machine. */
  gatewayPort: number
  /** The file in which this server counts what it kills for want of memory, as the kernel does in a cgroup's memory.events. */
  memoryEvents: string
  /** The folder that stands for the machine's disk: the volume's, or an empty one when nothing is mounted. */
  dataDir: string
  env: Readonly<Record<string, string>>
}
export type ImageCommand = { args: readonly string[]; env: Readonly<Record<string, string>>; path: readonly string[] }
export type Image =
  | { kind: 'inline' }
  | {
      kind: 'process'
      /** True when `prepare` has something to do that takes long enough to be announced. */
      needsPreparation(): boolean
      prepare(report: (progress: Progress) => void): Promise<void>
      /** The arguments for the Node binary that runs the gateway. */
      command(context: ImageContext): ImageCommand
    }
