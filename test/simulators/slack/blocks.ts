// Block Kit as Slack enforces it: limits from docs.slack.dev/reference/block-kit, and what a person sees of it.
import { z } from 'zod'

const plainText = z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(3_000), emoji: z.boolean().optional() })
const upTo = (charsMax: number) => plainText.extend({ text: z.string().min(1).max(charsMax) })
const style = z.strictObject({
  bold: z.boolean().optional(),
  italic: z.boolean().optional(),
  strike: z.boolean().optional(),
  code: z.boolean().optional(),
})
const richElement = z.strictObject({ type: z.literal('text'), text: z.string().min(1), style: style.optional() })
const button = z.strictObject({
  type: z.literal('button'),
  action_id: z.string().min(1).max(255),
  text: upTo(75),
  value: z.string().max(2_000).optional(),
  url: z.url().max(3_000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
})
const select = z.strictObject({
  type: z.literal('static_select'),
  action_id: z.string().min(1).max(255),
  placeholder: upTo(150),
  options: z
    .array(z.strictObject({ text: upTo(75), value: z.string().min(1).max(150) }))
    .min(1)
    .max(100),
})
const blockId = { block_id: z.string().max(255).optional() }
const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: upTo(150), ...blockId }),
  z.strictObject({ type: z.literal('divider'), ...blockId }),
  z.strictObject({
    type: z.literal('image'),
    slack_file: z.strictObject({ id: z.string().regex(/^F[A-Z0-9]{8,}$/) }),
    alt_text: z.string().min(1).max(2_000),
    ...blockId,
  }),
  z.strictObject({
    type: z.literal('rich_text'),
    ...blockId,
    elements: z
      .array(z.strictObject({ type: z.enum(['rich_text_section', 'rich_text_preformatted']), elements: z.array(richElement).min(1) }))
      .min(1),
  }),
  z.strictObject({
    type: z.literal('actions'),
    ...blockId,
    elements: z
      .array(z.discriminatedUnion('type', [button, select]))
      .min(1)
      .max(25),
  }),
  z.strictObject({
    type: z.literal('input'),
    ...blockId,
    label: upTo(2_000),
    optional: z.boolean().optional(),
    element: z.strictObject({
      type: z.literal('plain_text_input'),
      action_id: z.string(),
      multiline: z.boolean().optional(),
      focus_on_load: z.boolean().optional(),
      placeholder: upTo(150).optional(),
      max_length: z.number().int().min(1).max(3_000).optional(),
    }),
  }),
])
const modal = z.strictObject({
  type: z.literal('modal'),
  callback_id: z.string().max(255),
  private_metadata: z.string().max(3_000),
  title: upTo(24),
  submit: upTo(24),
  close: upTo(24),
  blocks: z.array(block).min(1).max(100),
})
const home = z.strictObject({ type: z.literal('home'), blocks: z.array(block).min(1).max(100) })
const message = z.array(block).min(1).max(50)

export type Block = z.infer<typeof block>
export type Modal = z.infer<typeof modal>
export type Checked<T> = { ok: true; value: T } | { ok: false; why: string }

/** Above this Slack answers msg_blocks_too_long. */
const MESSAGE_CHARS_MAX = 12_000

function checked<T>(schema: z.ZodType<T>, json: unknown): Checked<T> {
  const value: unknown = typeof json === 'string' ? JSON.parse(json) : json
  const parsed = schema.safeParse(value)
  if (!parsed.success) return { ok: false, why: z.prettifyError(parsed.error) }
  return { ok: true, value: parsed.data }
}

function withOneIdEach<T extends { ok: boolean }>(result: T, blocks: readonly Block[]): T | { ok: false; why: string } {
  const ids = blocks.flatMap((one) => (one.type === 'actions' ? one.elements.map((element) => element.action_id) : []))
  if (new Set(ids).size !== ids.length) return { ok: false, why: 'an action_id is there twice' }
  const chars = textOf(blocks).length
  return chars > MESSAGE_CHARS_MAX ? { ok: false, why: `${chars} characters: msg_blocks_too_long` } : result
}

export function checkedMessage(json: unknown): Checked<Block[]> {
  const result = checked(message, json)
  return result.ok ? withOneIdEach(result, result.value) : result
}
export function checkedModal(json: unknown): Checked<Modal> {
  const result = checked(modal, json)
  return result.ok ? withOneIdEach(result, result.value.blocks) : result
}
export function checkedHome(json: unknown): Checked<{ blocks: Block[] }> {
  const result = checked(home, json)
  return result.ok ? withOneIdEach(result, result.value.blocks) : result
}

/** The blocks as a person reads them. Our emphasis is not shown: a text is what is written. */
export function textOf(blocks: readonly Block[]): string {
  return blocks.map(blockText).join('\n')
}

function blockText(one: Block): string {
  switch (one.type) {
    case 'header':
      return one.text.text
    case 'divider':
      return '———'
    case 'image':
      return '🖼'
    case 'rich_text':
      return one.elements.map((part) => part.elements.map((element) => element.text).join('')).join('\n')
    case 'actions':
      return one.elements
        .map((element) =>
          element.type === 'button'
            ? `[${element.text.text}${element.url === undefined ? '' : ` → ${element.url}`}]`
            : `[${element.placeholder.text} ▾ ${element.options.map((o) => o.text.text).join(' | ')}]`,
        )
        .join(' ')
    case 'input':
      return `${one.label.text}: ____`
  }
}

export type Pressed = { action_id: string; type: 'button' | 'static_select'; value?: string; selected_option?: { value: string } }

/** The action behind a label, or null. */
export function pressedBy(blocks: readonly Block[], label: string): Pressed | null {
  for (const one of blocks) {
    if (one.type !== 'actions') continue
    for (const element of one.elements) {
      const { action_id } = element
      if (element.type === 'button' && element.text.text === label)
        return { action_id, type: 'button', ...(element.value !== undefined && { value: element.value }) }
      if (element.type !== 'static_select') continue
      const option = element.options.find((it) => it.text.text === label)
      if (option !== undefined) return { action_id, type: 'static_select', selected_option: { value: option.value } }
    }
  }
  return null
}
