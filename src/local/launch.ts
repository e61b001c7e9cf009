import { mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { ConchError } from '../lib/errors.ts'
import { systemRandom } from '../lib/random.ts'
import { placeFile } from './files.ts'
import type { GuestCommand } from './guest-process.ts'
import type { Image } from './images/image.ts'
import type { MachineConfig } from './machine-config.ts'
import type { App, Machine } from './model.ts'
import type { Folders } from './store.ts'

export type LaunchDeps = { folders: Folders; nodePath: string }
/** Secrets as they were delivered: they reach a machine when it starts or is updated, and not in between. */
export type DeliveredSecrets = Readonly<Record<string, string>>

/**
 * Below the ports that systems give to outgoing connections (Linux from 32,768 on, ip(7); others from 49,152 on): one of those may be somebody's before
 * it is listened on, for as long as that connection lasts.
 */
const PORTS = { from: 20_000, count: 12_000 }
const PORT_TRIES_MAX = 100
let next = Math.floor(systemRandom() * PORTS.count)

/** A TCP port of the loopback interface that is free now, and another one each time. Throws `local.no_port` when none is found. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORT_TRIES_MAX; tries += 1) {
    next = (next + 1) % PORTS.count
    const port = PORTS.from + next
    if (await isFree(port)) return port
  }
  throw new ConchError('local.no_port', 'no free port on the loopback interface')
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** The folder that stands for the machine's root disk: emptied at every start, as Fly does. */
export function rootFolder(folders: Folders, machine: Machine): string {
  return join(folders.machine(machine.id), 'root')
}

/** The folder that stands for the machine's data: its volume, or its root disk without one. */
export function dataFolder(folders: Folders, machine: Machine): string {
  return machine.volumeId === null ? rootFolder(folders, machine) : folders.volume(machine.volumeId)
}

/** Where it is counted what this server kills for want of memory. It goes with the root disk. */
export function memoryEventsFile(folders: Folders, machine: Machine): string {
  return join(rootFolder(folders, machine), 'memory.events')
}

/** A path inside the guest as a path here, when it lies on the mounted volume. */
export function mappedPath(path: string, mountPath: string | undefined, dataDir: string): string | null {
  if (mountPath === undefined) return null
  const mount = mountPath.replace(/\/+$/, '')
  if (path === mount) return dataDir
  return path.startsWith(`${mount}/`) ? join(dataDir, path.slice(mount.length + 1)) : null
}

async function placeFiles(config: MachineConfig, places: { dataDir: string; rootDir: string }, secrets: DeliveredSecrets): Promise<void> {
  const mount = config.mounts?.[0]?.path.replace(/\/+$/, '')
  for (const file of config.files ?? []) {
    const encoded = file.raw_value ?? secrets[file.secret_name ?? '']
    if (encoded === undefined)
      throw new ConchError('local.missing_secret', `the secret ${file.secret_name ?? ''} of the file ${file.guest_path} is not set`)
    const onVolume = mount !== undefined && file.guest_path.startsWith(`${mount}/`)
    const relative = onVolume ? file.guest_path.slice(mount.length + 1) : file.guest_path.slice(1)
    await placeFile(onVolume ? places.dataDir : places.rootDir, relative, Buffer.from(encoded, 'base64'), file.mode ?? 0o600)
  }
}

/** The environment of a machine without its image's own additions. Paths on the mount become paths here. */
export function machineEnv(
  app: App,
  machine: Machine,
  options: { dataDir: string; rootDir: string; secrets: DeliveredSecrets },
): Record<string, string> {
  const mount = machine.config.mounts?.[0]?.path
  const configured = Object.entries(machine.config.env ?? {}).map(([name, value]) => [name, mappedPath(value, mount, options.dataDir) ?? value])
  return {
    HOME: options.rootDir,
    LANG: 'C.UTF-8',
    DATA_DIR: options.dataDir,
    ...Object.fromEntries(configured),
    ...options.secrets,
    FLY_APP_NAME: app.name,
    FLY_MACHINE_ID: machine.id,
    FLY_MACHINE_VERSION: machine.version,
    FLY_REGION: machine.region,
    FLY_PRIVATE_IP: machine.privateIp,
    PRIMARY_REGION: machine.config.env?.['PRIMARY_REGION'] ?? machine.region,
  }
}

/** PATH of a machine's processes: nothing of the surroundings in which this server was started reaches them. */
export function machinePath(nodePath: string, extra: readonly string[]): string {
  return [dirname(nodePath), ...extra, '/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':')
}

/** Lays out a machine's folders and files and gives the command that runs it. */
export async function layOut(
  deps: LaunchDeps,
  options: { app: App; machine: Machine; image: Image & { kind: 'process' }; port: number; gatewayPort: number; secrets: DeliveredSecrets },
): Promise<GuestCommand> {
  const { app, machine, image, port, gatewayPort, secrets } = options
  const rootDir = rootFolder(deps.folders, machine)
  const dataDir = dataFolder(deps.folders, machine)
  await rm(rootDir, { recursive: true, force: true })
  await mkdir(rootDir, { recursive: true })
  await mkdir(dataDir, { recursive: true })
  await placeFiles(machine.config, { dataDir, rootDir }, secrets)
  const env = machineEnv(app, machine, { dataDir, rootDir, secrets })
  const command = image.command({ port, gatewayPort, memoryEvents: memoryEventsFile(deps.folders, machine), dataDir, env })
  return { command: deps.nodePath, args: command.args, cwd: dataDir, env: { ...env, PATH: machinePath(deps.nodePath, command.path), ...command.env } }
}
