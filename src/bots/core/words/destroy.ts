// Destroying: what is lost, said before it is lost, and a last word after.
import type { InstanceDetail } from '../../../actions/action.ts'
import { RECENT_MS } from '../../../domain/backups.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, type Button, type View } from '../view.ts'
import { agoWords } from './time.ts'

/** Asks for the name to be typed. `savedAt`: when it was saved last. */
export function destroyQuestion(
  { name, volumeGb, savedAt }: Pick<InstanceDetail, 'name' | 'volumeGb'> & { savedAt: number | null },
  { keep, now }: { keep: Button; now: Date },
): View {
  const recent = savedAt !== null && now.getTime() - savedAt < RECENT_MS
  return {
    tone: 'warning',
    blocks: [
      savedAt === null
        ? paragraph`Destroying ${bold(name)} deletes its ${volumeGb} GB of storage and its memory for good: conversations, files, settings. I hold no copy.`
        : paragraph`Destroying ${bold(name)} deletes its ${volumeGb} GB of storage and its memory: conversations, files, settings. I saved a copy ${agoWords(new Date(savedAt), now)}, and keep it for some days.`,
      paragraph`Type ${code(name)} to confirm.`,
    ],
    actions: [keep, ...(recent ? [] : [button(t`Back up first`, 'backup', name)])],
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
