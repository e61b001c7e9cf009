// Reads our own sources for what is said in them: the sentences of t, say and paragraph, where on a screen they stand, and texts that slipped
// past them and so could never be translated.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from '@swc/core'
import { z } from 'zod'

export type Place = 'sentence' | 'label' | 'form title' | 'field label'
export type Sentence = { key: string; file: string; place: Place }
export type Slip = { text: string; file: string }

const nodeSchema = z.looseObject({ type: z.string() })
type Node = z.infer<typeof nodeSchema>
const quasiSchema = z.object({ cooked: z.string() })
const taggedSchema = z.looseObject({
  type: z.literal('TaggedTemplateExpression'),
  tag: z.looseObject({ value: z.string() }),
  template: z.looseObject({ expressions: z.array(nodeSchema), quasis: z.array(quasiSchema) }),
})
const templateSchema = z.looseObject({ type: z.literal('TemplateLiteral'), quasis: z.array(quasiSchema) })
const stringSchema = z.looseObject({ type: z.literal('StringLiteral'), value: z.string() })
const callSchema = z.looseObject({
  type: z.enum(['CallExpression', 'NewExpression']),
  callee: z.looseObject({ value: z.string() }),
  arguments: z.array(z.object({ expression: nodeSchema })),
})
const propertySchema = z.looseObject({ type: z.literal('KeyValueProperty'), key: z.looseObject({ value: z.unknown() }), value: nodeSchema })
const objectSchema = z.looseObject({ type: z.literal('ObjectExpression'), properties: z.array(nodeSchema) })

const FUNCTIONS: ReadonlySet<string> = new Set([
  'ArrowFunctionExpression',
  'FunctionDeclaration',
  'FunctionExpression',
  'MethodProperty',
  'GetterProperty',
  'ClassMethod',
])
const LETTER = /\p{L}/u
/** Two words of plain text in a row. */
const PHRASE = /\p{L}[,;:.]?\s+\p{L}/u
const SAYING: ReadonlySet<string> = new Set(['t', 'say', 'paragraph'])
/** Calls whose texts are not for people to read, or must be typed as they stand. */
const INERT: ReadonlySet<string> = new Set(['code', 'bold', 'ConchError'])
/** Names are called alike in all languages, and a language by what its speakers call it. */
const NAMES: ReadonlySet<string> = new Set(['English', 'Deutsch', 'WhatsApp'])

/** All TypeScript sources below `folder`, by their paths in it. */
export function sourcesIn(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .toSorted()
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }))
}

export type Source = { file: string; text: string }

/** The sentences of a source and what slipped past, in their order. `phrases`: also texts of several words, wherever they stand. */
export function sentencesOf({ file, text: source }: Source, options: { phrases: boolean }): { sentences: Sentence[]; slips: Slip[] } {
  const sentences: Sentence[] = []
  const slips: Slip[] = []
  const slip = (text: string | null): void => void (text !== null && LETTER.test(text) && !NAMES.has(text) && slips.push({ text, file }))
  let depth = 0
  const visit = (node: Node, place: Place): void => {
    if (!FUNCTIONS.has(node.type)) return look(node, place)
    depth += 1
    look(node, place)
    depth -= 1
  }
  const look = (node: Node, place: Place): void => {
    const said = taggedSchema.safeParse(node)
    if (said.success && SAYING.has(said.data.tag.value)) {
      const { quasis, expressions } = said.data.template
      const key = keyOf(quasis.map((one) => one.cooked))
      sentences.push({ key, file, place })
      // Outside of every function it is said once, when nobody reads yet.
      if (depth === 0) slip(key)
      for (const inside of expressions.flatMap(leavesOf)) slip(bareText(inside))
      return visitAll(expressions, 'sentence')
    }
    const text = bareText(node)
    if (text !== null && options.phrases && PHRASE.test(text)) slip(text)
    const call = callSchema.safeParse(node)
    if (call.success) {
      if (INERT.has(call.data.callee.value)) {
        const inside = call.data.arguments.map((one) => one.expression)
        return visitAll(
          inside.filter((one) => bareText(one) === null),
          'sentence',
        )
      }
      const [label, ...others] = argumentsOf(call.data)
      if (label !== undefined) for (const leaf of leavesOf(label)) slip(bareText(leaf))
      if (label !== undefined) visit(label, 'label')
      return visitAll(others, 'sentence')
    }
    const object = objectSchema.safeParse(node)
    if (object.success) return visitObject(object.data.properties)
    visitAll(childrenOf(node), place)
  }
  const visitAll = (nodes: readonly Node[], place: Place): void => {
    for (const node of nodes) visit(node, place)
  }
  const visitObject = (nodes: readonly Node[]): void => {
    const names = nodes.flatMap((one) => propertySchema.safeParse(one).data?.key.value ?? [])
    for (const node of nodes) {
      const property = propertySchema.safeParse(node).data
      const place = placeOf(property?.key.value, names)
      if (property === undefined || place === null) visitAll(childrenOf(node), 'sentence')
      else {
        for (const leaf of leavesOf(property.value)) slip(bareText(leaf))
        visit(property.value, place)
      }
    }
  }
  visit(nodeSchema.parse(parseSync(source, { syntax: 'typescript' })), 'sentence')
  return { sentences, slips }
}

/** The label of a button comes first, behind what the question is in. */
function argumentsOf(call: z.infer<typeof callSchema>): Node[] {
  const all = call.arguments.map((one) => one.expression)
  if (call.callee.value === 'button') return all
  return call.callee.value === 'choose' ? all.slice(1) : [{ type: 'Nothing' }, ...all]
}

function placeOf(name: unknown, names: readonly unknown[]): Place | null {
  if (name === 'title') return names.includes('button') ? 'form title' : null
  if (name === 'label') return names.includes('kind') && !names.includes('press') ? 'field label' : 'label'
  return name === 'button' && names.includes('title') ? 'label' : null
}

function keyOf(texts: readonly string[]): string {
  return texts.map((text, index) => (index === 0 ? text : `{${index - 1}}${text}`)).join('')
}

/** A text in the source that no tag translates. */
function bareText(node: Node): string | null {
  const string = stringSchema.safeParse(node).data?.value
  return (
    string ??
    templateSchema
      .safeParse(node)
      .data?.quasis.map((one) => one.cooked)
      .join('…') ??
    null
  )
}

/** What an expression may come out as, when that can be seen. */
function leavesOf(node: Node): Node[] {
  const [wrapped] = [node['expression']].map((inner) => nodeSchema.safeParse(inner).data)
  if (node.type === 'ParenthesisExpression' && wrapped !== undefined) return leavesOf(wrapped)
  const branches = node.type === 'ConditionalExpression' ? ['consequent', 'alternate'] : node.type === 'BinaryExpression' ? ['left', 'right'] : []
  if (branches.length === 0) return [node]
  if (node.type === 'BinaryExpression' && !['??', '||', '+'].includes(String(node['operator']))) return []
  return branches.flatMap((branch) => leavesOf(nodeSchema.parse(node[branch])))
}

const UNREAD: ReadonlySet<string> = new Set([
  'ImportDeclaration',
  'TsTypeAliasDeclaration',
  'TsInterfaceDeclaration',
  'TsTypeAnnotation',
  'TsLiteralType',
])

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .flatMap((value: unknown) => inner(value))
    .filter((one) => !UNREAD.has(one.type))
}

/** The next nodes below a value: some of them lie in plain objects. */
function inner(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(inner)
  const node = nodeSchema.safeParse(value).data
  return node === undefined ? Object.values(value).flatMap(inner) : [node]
}

/** The entries that a file of translations defines, in order. */
export function entriesOf({ text }: Source): string[] {
  const keys: string[] = []
  const visit = (node: Node): void => {
    const property = propertySchema.safeParse(node).data
    if (property !== undefined && typeof property.key.value === 'string') keys.push(property.key.value)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(nodeSchema.parse(parseSync(text, { syntax: 'typescript' })))
  return keys
}
