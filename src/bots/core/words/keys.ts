// What an assistant holds, and the guides to what it can hold: each a few lines that end with the question for the token.
import type { InstanceSummary, KeySummary } from '../../../actions/action.ts'
import type { KeyChange } from '../../../actions/keys.ts'
import { discordInvite, slackManifestFor } from '../../../domain/channel-guides.ts'
import { credentialOf, credentials, credentialOfSecret, shapesOf, type ChannelId, type Credential } from '../../../domain/credentials.ts'
import type { KnownSecret } from '../../../domain/secret-shapes.ts'
import type { Who } from '../../../domain/who.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'
import { VARIABLE } from './key-forms.ts'
import { secretTitle } from './key-problems.ts'
import { agoWords } from './time.ts'

/** What a button names when it means one thing that is held: a credential's id, or the variable's own name. */
export type KeyGroup = { id: string; title: string; keys: readonly KeySummary[] }

/** Keys by what they belong to: the two tokens of Slack are one thing. */
export function groupsOf(keys: readonly KeySummary[]): KeyGroup[] {
  const known = credentials.flatMap((one): KeyGroup[] => {
    const own = keys.filter((key) => credentialOfSecret(key.name) === one)
    return own.length === 0 ? [] : [{ id: one.id, title: one.title, keys: own }]
  })
  const others = keys.filter((key) => credentialOfSecret(key.name) === undefined)
  return [...known, ...others.map((key): KeyGroup => ({ id: key.name, title: key.name, keys: [key] }))]
}

/** Everything that is held, with whose it is, its last characters and when it was set; and what can be done. */
export function keysView(instance: Pick<InstanceSummary, 'name'>, keys: readonly KeySummary[], now: Date): View {
  const { name } = instance
  const add = button(t`Add`, 'keys', name, 'add')
  if (keys.length === 0) {
    return {
      tone: 'plain',
      blocks: [paragraph`${bold(name)} holds no keys yet: nothing to think with, and no chat to listen in.`],
      actions: [{ ...add, style: 'primary' }, button(t`Status`, 'status', name)],
    }
  }
  const groups = groupsOf(keys)
  const [only, ...others] = groups
  const one = only !== undefined && others.length === 0
  return {
    tone: 'plain',
    title: say`What ${bold(name)} holds`,
    blocks: keys.map((key): Block => ({ kind: 'text', text: keyLine(key, now) })),
    actions: [
      one ? button(t`Replace`, 'set-key', name, only.id) : button(t`Replace…`, 'keys', name, 'replace'),
      one ? button(t`Remove`, 'remove-key', name, only.id) : button(t`Remove…`, 'keys', name, 'remove'),
      add,
      button(t`Status`, 'status', name),
    ],
  }
}

function keyLine({ name, last4, setAt, who }: KeySummary, now: Date): Text {
  const when = agoWords(setAt, now)
  const title = bold(secretTitle(name))
  const end = last4 === '' ? [] : [code(`…${last4}`), ', ']
  return who === null ? say`${title}: ${end}set ${when}` : say`${title}: ${whoWords(who)}, ${end}set ${when}`
}

/** "@my_claw_bot", and on Slack the workspace as well. */
export function whoWords(who: Who): string {
  return who.team === null ? who.label : t`${who.label} in ${who.team}`
}

/** Which of several is to be replaced or removed. */
export function whichKeyView(name: string, keys: readonly KeySummary[], what: 'replace' | 'remove'): View {
  const verb = what === 'replace' ? 'set-key' : 'remove-key'
  return {
    tone: 'plain',
    blocks: [what === 'replace' ? paragraph`Which one of ${bold(name)} shall be replaced?` : paragraph`Which one shall ${bold(name)} lose?`],
    actions: [...groupsOf(keys).map((group) => button(group.title, verb, name, group.id)), button(t`Back`, 'keys', name)],
  }
}

/** Everything that can be given to an assistant. */
export function addKeyView(name: string): View {
  return {
    tone: 'plain',
    blocks: [paragraph`What shall ${bold(name)} get? A chat to listen in, a model to think with, or a variable for one of its skills.`],
    actions: [
      ...credentials.filter((one) => one.kind === 'channel').map((one) => button(one.title, 'set-key', name, one.id)),
      button(t`WhatsApp`, 'whatsapp', name),
      ...credentials.filter((one) => one.kind === 'model').map((one) => button(one.title, 'set-key', name, one.id)),
      button(t`A variable`, 'set-key', name, VARIABLE),
      button(t`Back`, 'keys', name),
    ],
  }
}

/** Asked once more before something is removed. */
export function removeQuestion(name: string, group: KeyGroup): View {
  const channel = credentialOf(group.id)?.kind === 'channel'
  return {
    tone: 'plain',
    blocks: [
      channel
        ? paragraph`${bold(name)} stops listening on ${group.title} when its token goes. Its memory stays. Remove it?`
        : paragraph`${bold(name)} cannot use ${bold(group.title)} any more when it is removed. Remove it?`,
    ],
    actions: [
      { label: t`Remove it`, press: { verb: 'remove-key', args: [name, group.id, 'yes'] }, style: 'danger' },
      { label: t`Keep it`, press: { verb: 'keys', args: [name] }, style: 'primary' },
    ],
  }
}

/** What a question about a token shows beside its guide: the ways out, and around the chat. */
export type Ways = { web: Button | null; cancel: Button; secrecy: Text }

/** The guide to a credential, and the question for it. */
export function tokenQuestion(name: string, credential: Credential, ways: Ways): View {
  const blocks = [...guideBlocks(name, credential), { kind: 'text', text: ways.secrecy } satisfies Block]
  const page: Button = { label: pageLabel(credential), url: credential.makeOne }
  return {
    tone: 'plain',
    blocks,
    actions: [page, ...(ways.web === null ? [] : [ways.web]), ways.cancel],
    input: 'secret',
    form: `token:${credential.id}`,
  }
}

function pageLabel(credential: Credential): string {
  switch (credential.id) {
    case 'telegram':
      return t`Open @BotFather`
    case 'discord':
      return t`Open the developer portal`
    case 'slack':
      return t`Open Slack's app page`
    default:
      return t`Get a key from ${credential.title}`
  }
}

function guideBlocks(name: string, credential: Credential): Block[] {
  switch (credential.id) {
    case 'telegram':
      return [
        paragraph`${bold(name)} gets a Telegram bot of its own. In Telegram open @BotFather and send ${code('/newbot')}: give it a name, and a username that ends in ${code('bot')}.`,
        paragraph`It answers with a token like ${code('123456789:AAE…')}. Copy it and send it to me here.`,
      ]
    case 'discord':
      return [
        paragraph`${bold(name)} gets a Discord bot of its own. In the developer portal tap New Application and name it.`,
        paragraph`Open Bot, turn on Message Content Intent, and save. Then tap Reset Token, copy what appears, and give it to me here.`,
      ]
    case 'slack':
      return [
        paragraph`${bold(name)} gets a Slack app of its own. On Slack's app page choose From a manifest, your workspace, and paste the text above as JSON. Create it.`,
        paragraph`Basic Information, App-Level Tokens, Generate with the scope ${code('connections:write')}: that is the app token, ${code('xapp-…')}.`,
        paragraph`Install App, Install to Workspace: that is the bot token, ${code('xoxb-…')}. Give me both here.`,
      ]
    default: {
      const [shape] = shapesOf(credential)
      return [
        paragraph`Make a key on the page of ${credential.title} and paste it here: it looks like ${code(shape?.looksLike ?? '…')}. They charge you for what ${bold(name)} thinks.`,
      ]
    }
  }
}

/** The text that makes a Slack app with the right settings, for this assistant. */
export function slackManifestView(name: string): View {
  return {
    tone: 'plain',
    blocks: [paragraph`This makes the Slack app of ${bold(name)}. Copy all of it.`, { kind: 'code', lines: [slackManifestFor(name)] }],
    actions: [],
  }
}

/** The second of two tokens, where a platform has no form for both. */
export function otherTokenQuestion(missing: KnownSecret, ways: Ways): View {
  const text =
    missing === 'SLACK_APP_TOKEN'
      ? say`Good, that is the bot token. Now the app token: it begins with ${code('xapp-')}.`
      : say`Good, that is the app token. Now the bot token: it begins with ${code('xoxb-')}.`
  return {
    tone: 'plain',
    blocks: [{ kind: 'text', text }],
    actions: [...(ways.web === null ? [] : [ways.web]), ways.cancel],
    input: 'secret',
    form: 'token:slack',
  }
}

/** A variable with a name of the person's own. */
export function variableQuestion(name: string, variable: string | null, ways: Ways): View {
  if (variable === null) {
    return {
      tone: 'plain',
      blocks: [
        paragraph`What is the variable called? Capital letters, digits and underscores, like ${code('WEATHER_KEY')}. The skills of ${bold(name)} find it under that name.`,
      ],
      actions: [ways.cancel],
      input: 'text',
      form: `token:${VARIABLE}`,
    }
  }
  return {
    tone: 'plain',
    blocks: [paragraph`And the value of ${code(variable)}?`, { kind: 'text', text: ways.secrecy }],
    actions: [...(ways.web === null ? [] : [ways.web]), ways.cancel],
    input: 'secret',
  }
}

/** What was set, and when it counts. */
export function keySetView(change: KeyChange): View {
  const { instance, keys, reaches } = change
  const lines = keys.map((key): Block => ({ kind: 'text', text: setLine(key) }))
  const invite = inviteButton(change.credential, keys.find((key) => key.who !== null)?.who ?? null)
  return {
    tone: 'plain',
    blocks: [...lines, reachesBlock(instance.name, reaches)],
    actions: [
      ...(invite === null ? [] : [invite]),
      ...(reaches === 'at-start' ? [button(t`Start`, 'start', instance.name)] : []),
      button(t`Keys`, 'keys', instance.name),
    ],
  }
}

function setLine({ name, last4, who }: KeySummary): Text {
  const title = bold(secretTitle(name))
  if (last4 === '') return say`✓ ${title} is set.`
  return who === null ? say`✓ ${title} ${code(`…${last4}`)} is set.` : say`✓ ${title} ${code(`…${last4}`)} of ${bold(whoWords(who))} is set.`
}

function reachesBlock(name: string, reaches: KeyChange['reaches']): Block {
  switch (reaches) {
    case 'now':
      return paragraph`I am restarting ${bold(name)} with it; its memory stays.`
    case 'at-start':
      return paragraph`${bold(name)} is stopped, and takes it at its next start.`
    case 'on-the-way':
      return paragraph`${bold(name)} is just being set up, and gets it on the way.`
    default:
      return assertNever(reaches)
  }
}

/** The page that adds a Discord bot to a server; null where there is no such page. */
export function inviteButton(credential: string | null, who: Who | null): Button | null {
  if (credential !== 'discord' || who === null || who.applicationId === null) return null
  return { label: t`Invite it to your server`, url: discordInvite(who.applicationId) }
}

/** What was removed, and when it counts. */
export function keyRemovedView(change: KeyChange, title: string): View {
  const { name } = change.instance
  return {
    tone: 'plain',
    blocks: [paragraph`✓ ${bold(title)} is removed.`, { kind: 'text', text: without[change.reaches](name) }],
    actions: [button(t`Keys`, 'keys', name)],
  }
}

const without: Readonly<Record<KeyChange['reaches'], (name: string) => Text>> = {
  now: (name) => say`I am restarting ${bold(name)} without it; its memory stays.`,
  'at-start': (name) => say`${bold(name)} is stopped, and starts without it next time.`,
  'on-the-way': (name) => say`${bold(name)} is just being set up, and goes on without it.`,
}

export type ListenFacts = { channel: ChannelId; who: Who | null; knows: boolean }

/** Said once an assistant that got a channel is live again. `knows`: the owner is let in there by name. */
export function listensView(facts: ListenFacts & { key: string; name: string }): View {
  const { key, name, channel, who, knows } = facts
  const platform = credentialOf(channel)?.title ?? channel
  const title =
    who === null ? say`${bold(name)} listens on ${platform}.` : say`${bold(name)} listens on ${platform}: say hello to ${bold(whoWords(who))}`
  const stranger: Block[] = knows
    ? []
    : [
        paragraph`It does not know yet that you are its owner on ${platform}, so it asks for a pairing code first. Link your ${platform} with ${code('/link')} and replace the token, and it knows you.`,
      ]
  const invite = inviteButton(channel, who)
  const hello: Button[] = channel === 'telegram' && who !== null ? [{ label: t`Say hello`, url: `https://t.me/${who.label.replace('@', '')}` }] : []
  return { tone: 'good', key, title, blocks: stranger, actions: [...hello, ...(invite === null ? [] : [invite]), button(t`Keys`, 'keys', name)] }
}
