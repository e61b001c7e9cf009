// A view as Discord's components (version 2): texts, separators and rows of buttons, in a coloured frame where the tone has a colour.
import {
  ButtonStyle,
  ComponentType,
  MessageFlags,
  type APIActionRowComponent,
  type APIButtonComponent,
  type APIComponentInContainer,
  type APIComponentInMessageActionRow,
  type APIMessageTopLevelComponent,
} from 'discord.js'
import { languageOf, type Language } from '../../domain/language.ts'
import type { Capabilities } from '../core/face.ts'
import { cut, fileOf, fitted, linesOf, pictureOf, plainStyle, rowsOf, styled, withoutFile, withoutPicture } from '../core/layout.ts'
import { formFor } from '../core/form.ts'
import { language } from '../core/language.ts'
import type { Block, Picture, ReadyButton, ReadyView, Tone } from '../core/view.ts'
import { codeBlock, discordStyle } from './markup.ts'

export const capabilities: Capabilities = {
  editsMessages: true,
  answersInPlace: true,
  deletesTheirMessages: false,
  masksSecrets: true,
  privateReplies: true,
  forms: 'modal',
  createsBots: false,
  selectOptionsMax: 25,
  buttonsMax: 24,
  buttonsPerRowMax: 5,
  buttonLabelCharsMax: 80,
  // What exceeds Discord's own limit goes into a file, see below.
  textCharsMax: 100_000,
  refreshMs: 5_000,
}

/** All texts of one message together: https://docs.discord.com/developers/components/reference#text-display */
const TEXT_CHARS_MAX = 4_000
/** Escaping at most doubles a text, which this many steps of a fifth make good. */
const FITTING_STEPS = 5
const SEPARATORS_MAX = 3
const ANSWER = 'answer'
const SELECT = 'select'

const colours: Readonly<Record<Tone, number | null>> = { plain: null, good: 0x2e_a0_43, working: 0x58_65_f2, warning: 0xd2_99_22, bad: 0xda_36_33 }
const styles = { plain: ButtonStyle.Secondary, primary: ButtonStyle.Primary, danger: ButtonStyle.Danger } as const

export type Message = {
  flags: number
  components: APIMessageTopLevelComponent[]
  allowed_mentions: { parse: [] }
  attachments: { id: string; filename: string }[]
}
export type Sendable = { body: Message; files: { name: string; data: string | Buffer }[] }

const FILE = 'output.txt'
const PICTURE = 'code.png'
/** Of a picture's description. */
const ALT_CHARS_MAX = 1_024

/** The view as a message and its files: output that is too long is shown from its end, and whole in a file. `flags` are those of this message alone. */
export function messageOf(shown: ReadyView, flags = 0): Sendable {
  const picture = pictureOf(shown)
  const file = fileOf(shown)
  const view = withoutFile(withoutPicture(shown))
  const whole = textsOf(view)
  const long = sizeOf(whole) > TEXT_CHARS_MAX
  const output = long ? view.blocks.flatMap((block) => (block.kind === 'code' ? block.lines : [])) : []
  const cutOff = output.length === 0 ? [] : [{ name: FILE, data: `${output.join('\n')}\n` }]
  const outputs = [...cutOff, ...(file === null ? [] : [{ name: file.name, data: file.content }])]
  const attached = outputs.map(({ name }): APIComponentInContainer => ({ type: ComponentType.File, file: { url: `attachment://${name}` } }))
  const files = [...outputs, ...(picture === null ? [] : [{ name: PICTURE, data: picture.png }])]
  const parts = [...textParts(long ? cutTexts(view) : whole), ...attached, ...gallery(picture), ...rowsOfView(view)]
  const body: Message = {
    flags: flags | MessageFlags.IsComponentsV2,
    components: framed(view.tone, parts),
    allowed_mentions: { parse: [] },
    // Given even when empty: an edit would keep the files of before.
    attachments: files.map(({ name }, id) => ({ id: String(id), filename: name })),
  }
  return { body, files }
}

function gallery(picture: Picture | null): APIComponentInContainer[] {
  if (picture === null) return []
  const description = cut(styled(picture.alt, plainStyle), ALT_CHARS_MAX)
  return [{ type: ComponentType.MediaGallery, items: [{ media: { url: `attachment://${PICTURE}` }, description }] }]
}

function framed(tone: Tone, parts: APIComponentInContainer[]): APIMessageTopLevelComponent[] {
  const colour = colours[tone]
  return colour === null ? parts : [{ type: ComponentType.Container, accent_color: colour, components: parts }]
}

function cutTexts(view: ReadyView): string[] {
  let texts: string[] = []
  for (let step = 0; step <= FITTING_STEPS; step += 1) {
    texts = textsOf(fitted(view, { ...capabilities, textCharsMax: TEXT_CHARS_MAX * 0.8 ** step }))
    if (sizeOf(texts) <= TEXT_CHARS_MAX) break
  }
  return texts
}

function textParts(texts: readonly string[]): APIComponentInContainer[] {
  return texts.flatMap((content, index): APIComponentInContainer[] => [
    ...(index > 0 ? [{ type: ComponentType.Separator } as const] : []),
    { type: ComponentType.TextDisplay, content },
  ])
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0)
}

/** The texts between the dividers, each of at least one character: Discord takes no empty one. */
function textsOf(view: ReadyView): string[] {
  const texts: string[][] = [[]]
  const [title] = linesOf({ ...view, blocks: [] }, discordStyle)
  if (title !== undefined) texts[0]?.push(`### ${title.text}`)
  for (const [index, block] of view.blocks.entries()) {
    if (block.kind === 'divider' && texts.length <= SEPARATORS_MAX) texts.push([])
    else texts.at(-1)?.push(...linesOfBlock(block, view.title === undefined && index === 0 ? view.tone : 'plain'))
  }
  const full = texts.map((lines) => lines.join('\n')).filter((text) => text.trim() !== '')
  return full.length === 0 ? ['…'] : full
}

function linesOfBlock(block: Block, tone: Tone): string[] {
  if (block.kind === 'code') return block.lines.length === 0 ? [] : [codeBlock(block.lines)]
  return linesOf({ tone, blocks: [block] }, discordStyle).map((line) => line.text)
}

type Row = APIActionRowComponent<APIComponentInMessageActionRow>

function rowsOfView(view: ReadyView): Row[] {
  const form = formFor(view)
  const answer: APIButtonComponent[] =
    form === null
      ? []
      : [{ type: ComponentType.Button, style: ButtonStyle.Primary, label: form.button, custom_id: `${ANSWER}:${language()}:${form.id}` }]
  const buttons = [...answer, ...view.actions.map(buttonOf)]
  const rows = rowsOf(buttons, capabilities.buttonsPerRowMax).map((components): Row => ({ type: ComponentType.ActionRow, components }))
  return [...selectRow(view), ...rows]
}

function selectRow({ select }: ReadyView): Row[] {
  if (select === undefined || select.options.length === 0) return []
  const options = select.options.map((option, index) => ({ label: option.label.slice(0, 100), value: numbered(index, option.id) }))
  return [
    {
      type: ComponentType.ActionRow,
      components: [{ type: ComponentType.StringSelect, custom_id: SELECT, placeholder: select.label.slice(0, 150), options }],
    },
  ]
}

function buttonOf(button: ReadyButton, index: number): APIButtonComponent {
  if (button.kind === 'link') return { type: ComponentType.Button, style: ButtonStyle.Link, label: button.label, url: button.url }
  return { type: ComponentType.Button, style: styles[button.style], label: button.label, custom_id: numbered(index, button.id) }
}

/** Discord refuses two buttons of one message with the same id, and two of ours may well do the same. */
function numbered(index: number, id: string): string {
  return `${index}|${id}`
}

export type Pressed = { kind: 'answer'; form: string; spoken: Language } | { kind: 'button'; id: string } | { kind: 'unknown' }

/** What a component's id, or a chosen option's value, stands for. */
export function pressedOf(customId: string): Pressed {
  const [verb, spoken, ...form] = customId.split(':')
  if (verb === ANSWER && spoken !== undefined) return { kind: 'answer', form: form.join(':'), spoken: languageOf(spoken) ?? 'en' }
  const button = /^\d+\|(.*)$/s.exec(customId)?.[1]
  return button === undefined ? { kind: 'unknown' } : { kind: 'button', id: button }
}
