// What comes in: acknowledged first, then handed on as the core knows it.
import {
  ChannelType,
  InteractionContextType,
  MessageFlags,
  RESTJSONErrorCodes,
  type Attachment,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  type Message,
  type MessageComponentInteraction,
  type ModalSubmitInteraction,
  type REST,
} from 'discord.js'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { languageOf } from '../../domain/language.ts'
import { fetchBounded } from '../../lib/bounded-fetch.ts'
import type { Face, Inbound, Room, SentFile } from '../core/face.ts'
import { formOf } from '../core/form.ts'
import { inLanguage } from '../core/language.ts'
import { choicesFor, typedOf } from './commands.ts'
import { cleaned, codeOf, refOf } from './delivery.ts'
import { PROVIDER, type Direct } from './direct.ts'
import { formIdOf, modalOf } from './form.ts'
import { pressedOf, type Pressed } from './message.ts'
import { createReply, type Asked } from './reply.ts'

type Person = { provider: string; subject: string; displayName: string; chat: string }
type Asker = Person & { rooms: readonly string[] }
export type Hearing = {
  /** For calls about interactions. */
  replies: REST
  direct: Direct
  handle(inbound: Inbound, face: Face): Promise<void>
  log: Log
  clock: Clock
  names(person: Asker): Promise<readonly string[]>
  /** What a channel is called, as far as Discord said so. */
  titles: ReadonlyMap<string, string>
}

/** Discord waits three seconds for the choices; afterwards they are not shown at all. */
const CHOICES_PATIENCE_MS = 2_000

/** Acknowledges an interaction and hands it on. Never rejects. */
export async function hearInteraction(hearing: Hearing, interaction: Interaction): Promise<void> {
  try {
    if (interaction.isAutocomplete()) await suggest(hearing, interaction)
    else if (interaction.isChatInputCommand()) await hearCommand(hearing, interaction)
    else if (interaction.isModalSubmit()) await hearForm(hearing, interaction)
    else if (interaction.isMessageComponent()) await hearPress(hearing, interaction)
  } catch (error) {
    hearing.log.warn({ err: cleaned(error), interaction: interaction.id }, 'an interaction on Discord could not be handled')
  }
}

/** Hands on a direct message. Never rejects. */
export async function hearMessage({ handle, direct, log }: Hearing, message: Message): Promise<void> {
  const { author, channelId, content } = message
  if (author.bot || message.system || message.guildId !== null || message.channel.type !== ChannelType.DM) return
  const attached = message.attachments.first()
  if (content === '' && attached === undefined) return
  direct.learn(author.id, channelId)
  const origin = { ...personOf(author), id: message.id, place: 'dm', messageRef: refOf({ channel: channelId, message: message.id }) } as const
  try {
    const said = attached === undefined ? { kind: 'text' as const } : { kind: 'file' as const, file: fileOf(attached) }
    await handle({ ...origin, ...said, text: content }, direct)
  } catch (error) {
    log.warn({ err: cleaned(error) }, 'a message on Discord could not be handled')
  }
}

/** Discord's address of it is good for a day, and anybody's who has it. */
function fileOf({ name, size, url }: Attachment): SentFile {
  return { name, bytes: size, read: (bytesMax) => fetchBounded(url, { bytesMax }) }
}

function personOf(user: { id: string; globalName: string | null; username: string }): Person {
  return { provider: PROVIDER, subject: user.id, displayName: user.globalName ?? user.username, chat: user.id }
}

type Answerable = ChatInputCommandInteraction | MessageComponentInteraction | ModalSubmitInteraction

function overheard(interaction: Answerable): boolean {
  return interaction.context !== InteractionContextType.BotDM
}

/** The channel and its server; a group of friends counts as a channel. In private with us there is none. */
function roomsOf(interaction: Pick<Interaction, 'channelId' | 'guildId' | 'context'>, titles: Hearing['titles']): Room[] {
  const { channelId, guildId, context } = interaction
  if (context === InteractionContextType.BotDM || channelId === null) return []
  const id = `channel:${channelId}`
  const name = titles.get(channelId)
  const channel: Room = { id, kind: 'channel', title: name === undefined ? 'channel' : `#${name}`, address: id }
  // Discord does not say what a server is called.
  return guildId === null ? [channel] : [channel, { id: `server:${guildId}`, kind: 'server', title: 'server', address: null }]
}

/** Whether the acknowledgement counted. A repeated event was acknowledged before; a late one was answered by Discord with a failure. */
async function acknowledged(hearing: Hearing, interaction: Answerable, call: Promise<unknown>): Promise<boolean> {
  try {
    await call
    return true
  } catch (error) {
    const repeated = codeOf(error) === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged
    if (!repeated) hearing.log.warn({ err: cleaned(error), interaction: interaction.id }, 'an interaction on Discord could not be acknowledged')
    return false
  }
}

function deferred(interaction: ChatInputCommandInteraction | ModalSubmitInteraction): Promise<unknown> {
  return interaction.deferReply(overheard(interaction) ? { flags: MessageFlags.Ephemeral } : {})
}

async function hearCommand(hearing: Hearing, interaction: ChatInputCommandInteraction): Promise<void> {
  if (!(await acknowledged(hearing, interaction, deferred(interaction)))) return
  const text = typedOf(interaction.commandName, (option) => valueOf(interaction.options.get(option)?.value))
  await answer(hearing, interaction, { asked: { kind: 'command' }, said: { kind: 'text', text } })
}

function valueOf(value: string | number | boolean | undefined): string | null {
  return value === undefined ? null : String(value)
}

async function hearPress(hearing: Hearing, interaction: MessageComponentInteraction): Promise<void> {
  const pressed = pressedOf(interaction.isStringSelectMenu() ? (interaction.values[0] ?? '') : interaction.customId)
  if (pressed.kind === 'answer') return openForm(hearing, interaction, pressed)
  if (!(await acknowledged(hearing, interaction, interaction.deferUpdate()))) return
  const ref = refOf({ channel: interaction.channelId, message: interaction.message.id })
  const button = pressed.kind === 'button' ? pressed.id : ''
  const seen = overheard(interaction) && !interaction.message.flags.has(MessageFlags.Ephemeral)
  await answer(hearing, interaction, { asked: { kind: 'press', ref, seen }, said: { kind: 'press', button, messageRef: ref } })
}

/** A form must be the first answer to the press: nothing is looked up before it, and so the button says in which language it is. */
async function openForm(hearing: Hearing, interaction: MessageComponentInteraction, pressed: Extract<Pressed, { kind: 'answer' }>): Promise<void> {
  const form = inLanguage(pressed.spoken, () => formOf(pressed.form))
  await acknowledged(hearing, interaction, form === null ? interaction.deferUpdate() : interaction.showModal(modalOf(form)))
}

async function hearForm(hearing: Hearing, interaction: ModalSubmitInteraction): Promise<void> {
  const fromMessage = interaction.isFromMessage()
  if (!(await acknowledged(hearing, interaction, fromMessage ? interaction.deferUpdate() : deferred(interaction)))) return
  const form = formIdOf(interaction.customId)
  const values = Object.fromEntries((formOf(form)?.fields ?? []).map(({ name }) => [name, interaction.fields.getTextInputValue(name)]))
  const [only, ...more] = Object.values(values)
  const said: Said = only !== undefined && more.length === 0 ? { kind: 'text', text: only } : { kind: 'form', form, values }
  await answer(hearing, interaction, { asked: { kind: fromMessage ? 'form' : 'command' }, said })
}

type Said =
  | { kind: 'text'; text: string }
  | { kind: 'form'; form: string; values: Record<string, string> }
  | { kind: 'press'; button: string; messageRef: string }

async function answer(hearing: Hearing, interaction: Answerable, { asked, said }: { asked: Asked; said: Said }): Promise<void> {
  const { replies, direct, log, handle, titles } = hearing
  if (!overheard(interaction) && interaction.channelId !== null) direct.learn(interaction.user.id, interaction.channelId)
  const { applicationId, token } = interaction
  const hint = languageOf(interaction.locale)
  const reply = createReply({ rest: replies, direct, log, applicationId, token, asked, overheard: overheard(interaction), language: hint ?? 'en' })
  const place = overheard(interaction) ? 'group' : 'dm'
  try {
    await handle(
      { ...personOf(interaction.user), id: interaction.id, place, language: interaction.locale, rooms: roomsOf(interaction, titles), ...said },
      reply.face,
    )
  } finally {
    await reply.finish()
  }
}

async function suggest({ names, clock, titles }: Hearing, interaction: AutocompleteInteraction): Promise<void> {
  const { name, value } = interaction.options.getFocused(true)
  const person = { ...personOf(interaction.user), rooms: roomsOf(interaction, titles).map((room) => room.id) }
  const spoken = languageOf(interaction.locale) ?? 'en'
  const found = inLanguage(spoken, () => choicesFor({ name, value: String(value) }, () => names(person))).catch(() => [])
  const late = new AbortController()
  const choices = await Promise.race([found, clock.sleep(CHOICES_PATIENCE_MS, late.signal).then(() => [])])
  late.abort()
  await interaction.respond(choices)
}
