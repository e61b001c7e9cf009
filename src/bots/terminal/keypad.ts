// Numbers for buttons. An answer's buttons start at 1 and end the numbers of what was asked before; a message that comes by itself takes the
// numbers after those in use, so that a number that somebody is about to type never changes its meaning.
import type { ReadyButton } from '../core/view.ts'

export type Key = { number: number; label: string; id: string }
export type Keypad = {
  /** Gives a message's buttons their numbers. A message that changes keeps its first number. */
  assign(ref: string, buttons: readonly ReadyButton[], options: { unasked: boolean }): Key[]
  /** The button that was typed, by number or by its label; of equal labels the newest. */
  find(typed: string): { ref: string; id: string } | null
}

export function createKeypad(): Keypad {
  let active: (Key & { ref: string })[] = []
  return {
    assign(ref, buttons, { unasked }) {
      const presses = buttons.flatMap((one) => (one.kind === 'press' ? [one] : []))
      const own = active.filter((key) => key.ref === ref)
      if (!unasked && presses.length > 0) active = []
      else active = active.filter((key) => key.ref !== ref)
      const free = active.reduce((max, key) => Math.max(max, key.number), 0) + 1
      const first = own.length >= presses.length ? (own[0]?.number ?? free) : free
      const keys = presses.map(({ label, id }, index) => ({ number: first + index, label, id }))
      active = [...active, ...keys.map((key) => ({ ...key, ref }))]
      return keys
    },
    find(typed) {
      const word = typed.trim().toLowerCase()
      const key = active.find((one) => String(one.number) === word) ?? active.findLast((one) => one.label.toLowerCase() === word)
      return key === undefined ? null : { ref: key.ref, id: key.id }
    },
  }
}
