// The limits that Discord enforces and its description does not say.
import { z } from 'zod'

const emojiless = z.looseObject({
  type: z.number(),
  custom_id: z.string().optional(),
  label: z.string().optional(),
  content: z.string().optional(),
  file: z.looseObject({ url: z.string() }).optional(),
  items: z.array(z.looseObject({ media: z.looseObject({ url: z.string() }), description: z.string().nullish() })).optional(),
  url: z.string().optional(),
  style: z.number().optional(),
  options: z.array(z.looseObject({ label: z.string(), value: z.string() })).optional(),
})
export type Component = z.infer<typeof emojiless> & { components?: Component[] | undefined; component?: Component | undefined }
export const componentSchema: z.ZodType<Component> = emojiless.extend({
  get components(): z.ZodOptional<z.ZodArray<z.ZodType<Component>>> {
    return z.array(componentSchema).optional()
  },
  get component(): z.ZodOptional<z.ZodType<Component>> {
    return componentSchema.optional()
  },
})
/** Under this name a message carries the texts of its files. */
export const FILES = Symbol('files')
export const messageSchema = z.looseObject({
  attachments: z.array(z.looseObject({ id: z.union([z.number(), z.string()]), filename: z.string().optional() })).nullish(),
  content: z.string().nullish(),
  flags: z.number().nullish(),
  components: z.array(componentSchema).nullish(),
  nonce: z.union([z.string(), z.number()]).nullish(),
  enforce_nonce: z.boolean().nullish(),
})
export type MessageBody = z.infer<typeof messageSchema>
export const modalSchema = z.looseObject({ custom_id: z.string(), title: z.string(), components: z.array(componentSchema) })
export type ModalBody = z.infer<typeof modalSchema>

export const EPHEMERAL = 64
export const COMPONENTS_V2 = 32_768

/** Every component of a message, the nested ones too. */
export function allOf(components: readonly Component[]): Component[] {
  return components.flatMap((one) => [one, ...allOf(one.components ?? []), ...(one.component === undefined ? [] : allOf([one.component]))])
}

/** What is wrong with a message, as Discord would refuse it. */
export function messageProblems(body: MessageBody): string[] {
  const components = body.components ?? []
  const all = allOf(components)
  const v2 = ((body.flags ?? 0) & COMPONENTS_V2) !== 0
  const content = body.content ?? ''
  const texts = all.filter((one) => one.type === 10).map((one) => one.content ?? '')
  const attached = (body.attachments ?? []).map((one) => `attachment://${one.filename ?? ''}`)
  const named = all.flatMap((one) => [...(one.file === undefined ? [] : [one.file.url]), ...(one.items ?? []).map((item) => item.media.url)])
  const ids = all.flatMap((one) => one.custom_id ?? [])
  return [
    ...(v2 && content !== '' ? ['a message of components version 2 has no content'] : []),
    ...(!v2 && content === '' && components.length === 0 ? ['a message must not be empty'] : []),
    ...(v2 && components.length === 0 ? ['a message must not be empty'] : []),
    ...(content.length > 2_000 ? [`content has ${content.length} characters, 2000 are allowed`] : []),
    ...(named.join() === attached.join() ? [] : [`the files ${named.join()} are shown and ${attached.join()} are attached`]),
    ...(all.length > 40 ? [`${all.length} components, 40 are allowed`] : []),
    ...(texts.join('').length > 4_000 ? [`texts have ${texts.join('').length} characters, 4000 are allowed`] : []),
    ...(texts.some((text) => text.trim() === '') ? ['a text must not be empty'] : []),
    ...(new Set(ids).size === ids.length ? [] : ['two components have the same custom_id']),
    ...ids.filter((id) => id.length > 100 || id === '').map((id) => `custom_id ${id} has ${id.length} characters`),
    ...all.flatMap(componentProblems),
  ]
}

function componentProblems(one: Component): string[] {
  const children = one.components ?? []
  if (one.type === 1) {
    if (children.length === 0) return ['an empty row']
    return children.length > 5 ? [`${children.length} buttons in a row, 5 are allowed`] : []
  }
  if (one.type === 2) return buttonProblems(one)
  if (one.type === 12) return galleryProblems(one)
  if (one.type !== 3) return []
  const options = one.options ?? []
  const values = options.map((option) => option.value)
  const long = options.some((option) => option.label.length > 100 || option.value.length > 100 || option.label === '')
  return [
    ...(options.length > 25 || options.length === 0 ? [`${options.length} options, 1 to 25 are allowed`] : []),
    ...(new Set(values).size === values.length ? [] : ['two options have the same value']),
    ...(long ? ['an option is too long or empty'] : []),
  ]
}

function galleryProblems({ items = [] }: Component): string[] {
  return [
    ...(items.length < 1 || items.length > 10 ? [`${items.length} pictures, 1 to 10 are allowed`] : []),
    ...(items.some((item) => (item.description ?? '').length > 1_024) ? ['the description of a picture is too long'] : []),
  ]
}

function buttonProblems(one: Component): string[] {
  const label = one.label ?? ''
  const wrong = label.length > 80 || label === '' ? [`the label "${label}" has ${label.length} characters, 1 to 80 are allowed`] : []
  if (one.style === 5)
    return /^(https?|discord):\/\/.{1,504}$/.test(one.url ?? '') && one.custom_id === undefined ? wrong : [...wrong, 'a link without an address']
  return one.custom_id === undefined ? [...wrong, 'a button without custom_id'] : wrong
}

/** What is wrong with a form. */
export function modalProblems(modal: ModalBody): string[] {
  const fields = allOf(modal.components).filter((one) => one.type === 4 || one.type === 3)
  const labels = modal.components.map((one) => one.label ?? '')
  return [
    ...(modal.title.length > 45 || modal.title === '' ? [`the title "${modal.title}" is empty or longer than 45 characters`] : []),
    ...(modal.components.length > 5 || fields.length === 0 ? [`a form of ${modal.components.length} components, 1 to 5 are allowed`] : []),
    ...labels.filter((label) => label.length > 45).map((label) => `the label "${label}" is longer than 45 characters`),
    ...(modal.custom_id.length > 100 ? ['the custom_id of a form is longer than 100 characters'] : []),
  ]
}

const described = { name: z.string(), description: z.string(), description_localizations: z.record(z.string(), z.string()).default({}) }
const commandSchema = z.looseObject({
  ...described,
  options: z.array(z.looseObject({ ...described, type: z.number(), autocomplete: z.boolean().optional() })).default([]),
})
export const commandsSchema = z.array(commandSchema)
export type Command = z.infer<typeof commandSchema>

/** What is wrong with a list of commands. */
export function commandProblems(commands: readonly Command[]): string[] {
  const named = /^[-_\p{Ll}\p{N}]{1,32}$/u
  const size = (one: Command): number =>
    one.name.length + one.description.length + one.options.reduce((sum, option) => sum + option.name.length + option.description.length, 0)
  return [
    ...(commands.length > 100 ? [`${commands.length} commands, 100 are allowed`] : []),
    ...commands.flatMap((one) => [one, ...one.options].filter((each) => !named.test(each.name)).map((each) => `the name ${each.name}`)),
    ...commands.flatMap((one) =>
      [one, ...one.options]
        .filter((each) => [each.description, ...Object.values(each.description_localizations)].some((text) => text.length < 1 || text.length > 100))
        .map((each) => `the description of ${each.name}`),
    ),
    ...commands.filter((one) => size(one) > 8_000 || one.options.length > 25).map((one) => `the command ${one.name} is too long`),
    ...(new Set(commands.map((one) => one.name)).size === commands.length ? [] : ['two commands have the same name']),
  ]
}
