// The few sentences that only Slack needs: everything else that is said is the core's.
import { t } from '../core/language.ts'
import { paragraph } from '../core/view.ts'
import type { ReadyView } from '../core/view.ts'

/** The two buttons of every form. */
export function formWords(): { submit: string; cancel: string } {
  return { submit: t`Send`, cancel: t`Cancel` }
}

/** Said where the person asked, when the answer is a message of its own in the private chat. */
export function elsewhereView(): ReadyView {
  return { tone: 'working', blocks: [paragraph`On it. I write to you in our private chat as it goes along.`], actions: [] }
}

/** Said to somebody in a workspace from which the app was removed, or where it never was. */
export function notInstalledView(installUrl: string): ReadyView {
  return {
    tone: 'plain',
    blocks: [paragraph`I am not at home in this workspace: whoever looks after it can add me. What runs keeps running.`],
    actions: [{ kind: 'link', label: t`Add me to this workspace`, url: installUrl }],
  }
}

/** The way back to the list on the Home tab. */
export function wayBack(): string {
  return t`My assistants`
}

/** The page after the app was added to a workspace, or was not. */
export function pageWords(end: 'added' | 'failed'): { title: string; text: string } {
  return end === 'added'
    ? { title: t`I am in your workspace`, text: t`Open Slack, look for me under Apps, and say hello. You can close this page.` }
    : { title: t`That did not work`, text: t`Nothing was added. Start again from the link that brought you here; it is good for ten minutes.` }
}
