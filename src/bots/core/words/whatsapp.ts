// Linking an assistant with WhatsApp: what it is, whose number, the code to scan, and how it ended.
import type { PairingEnd, PairingState } from '../../../domain/whatsapp.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type View } from '../view.ts'
import { VARIABLE } from './key-forms.ts'

/** What there is for WhatsApp. `linked`: it is wanted already. */
export function whatsappView(name: string, linked: boolean): View {
  return {
    tone: 'plain',
    title: say`WhatsApp`,
    blocks: [
      linked
        ? paragraph`WhatsApp is set up for ${bold(name)}. With a new code you link its phone again, or another one.`
        : paragraph`There is no token for WhatsApp: ${bold(name)} is linked like a second device, with a code that you scan on the phone.`,
    ],
    actions: [
      { ...button(t`Pair with a code`, 'whatsapp', name, 'pair'), style: 'primary' },
      ...(linked ? [button(t`Take WhatsApp away`, 'whatsapp', name, 'unlink')] : []),
      button(t`WhatsApp Business`, 'whatsapp', name, 'business'),
      button(t`Back`, 'keys', name, 'add'),
    ],
  }
}

/** Whose number it is to have. */
export function whoseNumberView(name: string): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`Which number shall ${bold(name)} have? On your own it answers in your chat with yourself alone, and nobody else notices. On a number of its own, it is somebody to write to.`,
      paragraph`It restarts once to learn WhatsApp, and that takes about 250 MB of its storage.`,
    ],
    actions: [
      { ...button(t`My own number`, 'whatsapp', name, 'own'), style: 'primary' },
      button(t`A number of its own`, 'whatsapp', name, 'number'),
      button(t`Back`, 'whatsapp', name),
    ],
  }
}

/** Asks from which number its owner writes to it. `wrong`: what was typed is no number. */
export function yourNumberQuestion(name: string, cancel: Button, wrong: boolean): View {
  return {
    tone: 'plain',
    blocks: [
      wrong
        ? paragraph`That is no telephone number with its country: they look like ${code('+49 170 1234567')}. Which number will you write to ${bold(name)} from?`
        : paragraph`Which number will you write to ${bold(name)} from? With its country, like ${code('+49 170 1234567')}: it lets you in, and asks everybody else for a code first.`,
    ],
    actions: [cancel],
    input: 'text',
  }
}

/** With a number of WhatsApp Business: the way around. */
export function businessView(name: string): View {
  return {
    tone: 'plain',
    title: say`WhatsApp Business`,
    blocks: businessBlocks(name),
    actions: [...businessActions(name), button(t`Back`, 'whatsapp', name)],
  }
}

function businessBlocks(name: string): Block[] {
  return [
    paragraph`With a number of WhatsApp Business you can use its Cloud API instead: at developers.facebook.com make a business app, add WhatsApp, and note the phone number's id, a permanent access token, and the app's secret.`,
    paragraph`Set them as ${code('WHATSAPP_PHONE_NUMBER_ID')}, ${code('WHATSAPP_ACCESS_TOKEN')} and ${code('WHATSAPP_APP_SECRET')}: a skill of ${bold(name)} that speaks that API finds them there. OpenClaw itself does not.`,
  ]
}

function businessActions(name: string): Button[] {
  return [
    { label: t`Open Meta's guide`, url: 'https://developers.facebook.com/docs/whatsapp/cloud-api/get-started' },
    button(t`Add a variable`, 'set-key', name, VARIABLE),
  ]
}

/** Said where the pairing was begun: the code has a message of its own. */
export function pairingBegunView(name: string): View {
  return { tone: 'plain', blocks: [paragraph`I am getting ${bold(name)} ready for WhatsApp. The code comes in our private chat.`], actions: [] }
}

/** Said when a code was asked for no more, and nothing of it is to be seen here. */
export function pairingCancelledView(name: string): View {
  return {
    tone: 'plain',
    blocks: [paragraph`No more codes for ${bold(name)}. Nothing was linked.`],
    actions: [button(t`WhatsApp`, 'whatsapp', name)],
  }
}

/** Said once WhatsApp is no longer wanted. */
export function unlinkedView(name: string): View {
  return {
    tone: 'plain',
    blocks: [paragraph`${bold(name)} lets go of WhatsApp. On the phone, take it out as well: WhatsApp, Linked devices, tap it, Log out.`],
    actions: [button(t`Keys`, 'keys', name)],
  }
}

export type PairingFacts = {
  key: string
  name: string
  state: PairingState
  reason: PairingEnd | null
  said: string | null
  /** The code, if there is one to be had. */
  png: Buffer | null
  /** It is being restarted with WhatsApp. */
  restarting: boolean
  /** It has its owner's own number. */
  shared: boolean
}

/** The message of a pairing, as it stands. */
export function pairingView(facts: PairingFacts): View {
  const { key, name } = facts
  return {
    key,
    ...body(facts),
    ...(facts.state === 'preparing' && { tone: 'working' }),
    ...(facts.state === 'paired' && { tone: 'good' }),
    ...titleOf(facts, name),
  }
}

function titleOf({ state, png }: PairingFacts, name: string): Pick<View, 'title'> {
  switch (state) {
    case 'preparing':
      return { title: say`Getting ${bold(name)} ready for WhatsApp` }
    case 'showing':
      return png === null ? {} : { title: say`Link ${bold(name)} with WhatsApp` }
    case 'paired':
      return { title: say`${bold(name)} is linked with WhatsApp.` }
    case 'linked':
    case 'over':
      return {}
    default:
      return assertNever(state)
  }
}

function body(facts: PairingFacts): View {
  const { name, state, png, restarting, shared } = facts
  const cancel = button(t`Cancel`, 'whatsapp', name, 'cancel')
  switch (state) {
    case 'preparing': {
      const text = restarting
        ? paragraph`It restarts with WhatsApp, which it fetches first: one to three minutes. The code appears here.`
        : paragraph`I am asking it for a code, which appears here.`
      return { tone: 'working', blocks: [text], actions: [cancel] }
    }
    case 'showing':
      return png === null ? over(name, paragraph`The code did not reach me. Nothing was linked. Ask for a new one.`) : codeView(name, png, cancel)
    case 'paired':
      return {
        tone: 'good',
        blocks: [
          shared
            ? paragraph`Say hello to it: in WhatsApp, write to yourself (the chat with your own name). It answers there, and nowhere else.`
            : paragraph`Say hello to it in WhatsApp: write to its number. Anybody but you is asked for a code first.`,
        ],
        actions: [button(t`Status`, 'status', name), button(t`Keys`, 'keys', name)],
      }
    case 'linked':
      return {
        tone: 'plain',
        blocks: [paragraph`${bold(name)} is linked with a phone already, and stays so. With another one, it lets go of that.`],
        actions: [button(t`Link another phone`, 'whatsapp', name, 'relink'), button(t`Status`, 'status', name)],
      }
    case 'over':
      return overView(facts)
    default:
      return assertNever(state)
  }
}

function codeView(name: string, png: Buffer, cancel: Button): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`On the phone open WhatsApp, then Linked devices, Link a device, and scan this. It must stand on another screen than that phone's.`,
      { kind: 'image', png, alt: say`The code cannot be shown here. Open this message where pictures are shown.` },
      paragraph`It changes by itself. I take it away once ${bold(name)} is linked.`,
    ],
    actions: [cancel],
  }
}

function over(name: string, text: Block): View {
  return {
    tone: 'plain',
    blocks: [text],
    actions: [{ ...button(t`New code`, 'whatsapp', name, 'again'), style: 'primary' }, button(t`WhatsApp`, 'whatsapp', name)],
  }
}

function overView({ name, reason, said }: PairingFacts): View {
  switch (reason) {
    case 'cancelled':
      return over(name, paragraph`No more codes for ${bold(name)}. Nothing was linked.`)
    case 'ran-out':
      return over(name, paragraph`The code for ${bold(name)} ran out before it was scanned. Nothing was linked.`)
    case 'not-ready':
      return over(name, paragraph`${bold(name)} did not get ready for WhatsApp in time. Nothing was linked.`)
    case 'stopped':
      return {
        tone: 'plain',
        blocks: [paragraph`${bold(name)} was stopped, so there is no code. Start it and ask again.`],
        actions: [button(t`Start`, 'start', name)],
      }
    case 'gone':
      return { tone: 'plain', blocks: [paragraph`${bold(name)} is being destroyed: there is nothing left to link.`], actions: [] }
    case 'unsupported':
      return {
        tone: 'warning',
        blocks: [
          paragraph`The gateway of ${bold(name)} cannot do WhatsApp yet: its plugin did not come along. I took WhatsApp out of its settings again, and it restarts once more. Its memory stays.`,
          ...businessBlocks(name),
        ],
        actions: [...businessActions(name), button(t`Try again`, 'whatsapp', name, 'pair')],
      }
    case 'failed':
    case null: {
      const words = said === null || said === '' ? [] : [paragraph`It says: ${code(said)}`]
      const view = over(name, paragraph`${bold(name)} could not get a code from WhatsApp. Nothing was linked.`)
      return { ...view, tone: 'warning', blocks: [...view.blocks, ...words] }
    }
    default:
      return assertNever(reason)
  }
}

/** What becomes of a code's message when another one has come after it. */
export function pairingReplacedView(key: string, name: string): View {
  return { tone: 'plain', key, blocks: [paragraph`There is a newer code for ${bold(name)} below.`], actions: [] }
}
