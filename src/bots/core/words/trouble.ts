// When something is wrong on our side, with a button, or with what was pasted.
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Button, type Text, type View } from '../view.ts'

/** Something broke while we handled what was asked. `reference` finds it in the log. */
export function brokenView(what: string | null, reference: string, again: Button | null): View {
  const unfinished =
    what === null
      ? paragraph`I could not finish that: something on my side broke. What runs keeps running, and nothing was deleted.`
      : paragraph`I could not finish ${code(what)}: something on my side broke. What runs keeps running, and nothing was deleted.`
  return {
    tone: 'warning',
    blocks: [unfinished, paragraph`Try again in a minute. If it happens again, tell whoever runs me this code: ${code(reference)}`],
    actions: [...(again === null ? [] : [again]), button(t`My assistants`, 'instances')],
  }
}

/** A button that no longer does anything. */
export function deadButtonView(why: 'used' | 'expired' | 'not-yours' | 'unknown'): View {
  const text: Readonly<Record<typeof why, Text>> = {
    used: say`That button has done its work already.`,
    expired: say`That button is too old to be sure what you mean by it.`,
    'not-yours': say`That button is for the person I wrote it to. Nothing happened.`,
    unknown: say`I no longer know what that button was for. Nothing happened.`,
  }
  return { tone: 'plain', blocks: [{ kind: 'text', text: text[why] }], actions: [button(t`My assistants`, 'instances'), button(t`Help`, 'help')] }
}

/** A button of a conversation that has moved on or ended. */
export function endedView(launched: string | null): View {
  if (launched !== null) {
    return {
      tone: 'plain',
      blocks: [paragraph`${bold(launched)} is on its way already: once is enough.`],
      actions: [button(t`Status`, 'status', launched)],
    }
  }
  return {
    tone: 'plain',
    blocks: [paragraph`That question is over: it was answered, cancelled, or left for 30 minutes. Nothing was made by this tap.`],
    actions: [button(t`Set one up`, 'deploy'), button(t`My assistants`, 'instances')],
  }
}

/** A key pasted where none was asked for. */
export function strayKeyView(deleted: boolean): View {
  const seen = deleted ? say`I have deleted your message.` : say`It may still stand above, where others could read it: delete it if you can.`
  return {
    tone: 'warning',
    blocks: [
      paragraph`That looks like a secret key, and I had not asked for one: I did not read on, and I kept nothing of it. ${seen}`,
      paragraph`When you set up an assistant I ask for its key at the right moment.`,
    ],
    actions: [button(t`Set one up`, 'deploy')],
  }
}

/** A key was sent as a message that we cannot delete. */
export function keyStandsView(): View {
  return { tone: 'warning', blocks: [paragraph`Your message with the key still stands above, and only you can delete it: please do.`], actions: [] }
}

/** A file could not be fetched from its platform. */
export function fileGoneText(): Text {
  return say`I could not get that file. Send it once more.`
}
