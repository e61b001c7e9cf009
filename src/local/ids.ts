import type { Random } from '../lib/random.ts'

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const HEX = '0123456789abcdef'

function pick(alphabet: string, length: number, random: Random): string {
  let text = ''
  for (let i = 0; i < length; i += 1) text += alphabet[Math.floor(random() * alphabet.length)]
  return text
}

/** A machine id as Fly writes them: 14 hexadecimal digits. */
export function machineId(random: Random): string {
  return pick(HEX, 14, random)
}

/** A lower-case hexadecimal string: lease nonces, address parts. */
export function hexId(length: number, random: Random): string {
  return pick(HEX, length, random)
}

/** A prefixed id: `vol_…` (17 characters), `vs_…` (17), app ids (16). */
export function letterId(prefix: string, length: number, random: Random): string {
  return prefix + pick(LETTERS, length, random)
}

/** 26 characters that sort by time: versions of a machine, events, requests. */
export function ulid(now: Date, random: Random): string {
  let rest = now.getTime()
  let time = ''
  for (let i = 0; i < 10; i += 1) {
    time = `${CROCKFORD[rest % 32] ?? '0'}${time}`
    rest = Math.floor(rest / 32)
  }
  return time + pick(CROCKFORD, 16, random)
}
