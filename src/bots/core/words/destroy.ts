// Destroying: what is lost, said before it is lost, and a last word after.
import type { InstanceDetail } from '../../../actions/action.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, type Button, type View } from '../view.ts'

/** Asks for the name to be typed. */
export function destroyQuestion(instance: Pick<InstanceDetail, 'name' | 'volumeGb'>, press: { keep: Button }): View {
  return {
    tone: 'warning',
    blocks: [
      paragraph`Destroying ${bold(instance.name)} deletes its ${instance.volumeGb} GB of storage and its memory for good: conversations, files, settings. I hold no copy.`,
      paragraph`Type ${code(instance.name)} to confirm.`,
    ],
    actions: [press.keep],
    input: 'text',
  }
}

/** What was typed is not the name. */
export function destroyMismatchView(name: string, press: { keep: Button }): View {
  return {
    tone: 'warning',
    blocks: [paragraph`That is not its name, so nothing was deleted. Type ${code(name)} to destroy it, or keep it.`],
    actions: [press.keep],
    input: 'text',
  }
}

/** Nothing of it is left. */
export function goodbyeView(name: string): View {
  return {
    tone: 'plain',
    blocks: [paragraph`${bold(name)} is gone: its machine, its storage and its address are deleted.`],
    actions: [button(t`Set up a new one`, 'deploy')],
  }
}
