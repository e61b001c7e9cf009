// A configuration document as its owner writes it: JSON, with the comments, single quotes and bare names that OpenClaw allows. Knows on which
// line every setting stands. Pure.
import { parse, tokenize } from '@humanwhocodes/momoa'
import { z } from 'zod'
import type { Json, JsonObject, Path } from './gateway-document.ts'

/** As much as any chat carries in a file of settings, and far more than anybody writes. */
export const DOCUMENT_BYTES_MAX = 256 * 1_024

export type TextProblem = 'empty' | 'cut-off' | 'unexpected' | 'twice' | 'not-a-number' | 'too-deep' | 'no-object' | 'too-large'
export type ReadText =
  | { ok: true; document: JsonObject; lineOf(path: Path): number | null }
  | { ok: false; problem: TextProblem; line: number | null; path: Path }

type Node = ReturnType<typeof parse>['body']
type Lines = { line: number; inside: Map<string | number, Lines> }
const positionSchema = z.object({ line: z.number(), offset: z.number(), message: z.string() })
/** Deeper than any setting of a gateway; the reader's own stack ends somewhere beyond. */
const DEPTH_MAX = 100

class Wrong extends Error {
  readonly problem: TextProblem
  readonly line: number
  readonly path: Path
  constructor(problem: TextProblem, line: number, path: Path) {
    super(problem)
    this.problem = problem
    this.line = line
    this.path = path
  }
}

/** The document in a text, with the line of everything in it; or the first thing that keeps it from being one. */
export function readDocument(pasted: string): ReadText {
  const text = pasted.replace(/^\uFEFF/, '')
  if (Buffer.byteLength(text) > DOCUMENT_BYTES_MAX) return { ok: false, problem: 'too-large', line: null, path: [] }
  if (text.trim() === '') return { ok: false, problem: 'empty', line: null, path: [] }
  const opening = fenced(text)
  try {
    const { body } = parse(opening.text, { mode: 'json5', allowTrailingCommas: true })
    const lines: Lines = { line: body.loc.start.line, inside: new Map() }
    const document = valueOf(body, lines, [])
    if (body.type !== 'Object') return { ok: false, problem: 'no-object', line: body.loc.start.line + opening.lines, path: [] }
    return { ok: true, document: document as JsonObject, lineOf: (path) => lineAt(lines, path) + opening.lines }
  } catch (error) {
    return refused(error, opening)
  }
}

/** People paste what another chat shows: in a block of code. */
function fenced(text: string): { text: string; lines: number } {
  const block = /^\s*```[a-z0-9]*\s*?\n([\s\S]*?)\n?\s*```\s*$/.exec(text)
  const before = block === null ? '' : text.slice(0, text.indexOf('\n') + 1)
  return block === null ? { text, lines: 0 } : { text: block[1] ?? '', lines: before.split('\n').length - 1 }
}

function refused(error: unknown, { text, lines: linesBefore }: { text: string; lines: number }): ReadText {
  if (error instanceof Wrong) return { ok: false, problem: error.problem, line: error.line + linesBefore, path: error.path }
  if (error instanceof RangeError) return { ok: false, problem: 'too-deep', line: null, path: [] }
  const at = positionSchema.safeParse(error)
  if (!at.success) throw error
  const { line, offset, message } = at.data
  const ended = message.includes('end of input') || endsOpenAt(text, offset)
  return { ok: false, problem: ended ? 'cut-off' : 'unexpected', line: line + linesBefore, path: [] }
}

/** The reader stopped at the last thing there is, and a bracket is still open: what it wanted is missing. */
function endsOpenAt(text: string, offset: number): boolean {
  try {
    const tokens = tokenize(text, { mode: 'json5' }).filter((token) => !token.type.endsWith('Comment'))
    const depth = tokens.reduce((sum, { type }) => sum + (type.startsWith('L') ? 1 : type.startsWith('R') ? -1 : 0), 0)
    return depth > 0 && (tokens.at(-1)?.loc.start.offset ?? 0) <= offset
  } catch {
    // It trips over the same thing.
    return false
  }
}

function valueOf(node: Node, lines: Lines, path: Path): Json {
  const line = node.loc.start.line
  if (path.length > DEPTH_MAX) throw new Wrong('too-deep', line, path.slice(0, 3))
  switch (node.type) {
    case 'Object':
      return objectOf(node, lines, path)
    case 'Array':
      return node.elements.map((element, index) => {
        const inner = insideOf(lines, index, element.value.loc.start.line)
        return valueOf(element.value, inner, [...path, index])
      })
    case 'String':
    case 'Boolean':
      return node.value
    case 'Number':
      if (!Number.isFinite(node.value)) throw new Wrong('not-a-number', line, path)
      return node.value
    case 'Null':
      return null
    default:
      // NaN and Infinity, which nothing that stores or sends a document can hold.
      throw new Wrong('not-a-number', line, path)
  }
}

function objectOf(node: Extract<Node, { type: 'Object' }>, lines: Lines, path: Path): JsonObject {
  const entries = node.members.map((member): [string, Json] => {
    const name = member.name.type === 'String' ? member.name.value : member.name.name
    const line = member.name.loc.start.line
    // The second would silently win; and this one name is no setting to any program.
    if (lines.inside.has(name)) throw new Wrong('twice', line, [...path, name])
    if (name === '__proto__') throw new Wrong('unexpected', line, [...path, name])
    return [name, valueOf(member.value, insideOf(lines, name, line), [...path, name])]
  })
  return Object.fromEntries(entries)
}

function insideOf(lines: Lines, name: string | number, line: number): Lines {
  const inner: Lines = { line, inside: new Map() }
  lines.inside.set(name, inner)
  return inner
}

/** The line of what stands at a path, or of the innermost thing around it that is there. */
function lineAt(lines: Lines, path: Path): number {
  const [name, ...rest] = path
  const inner = name === undefined ? undefined : lines.inside.get(name)
  return inner === undefined ? lines.line : lineAt(inner, rest)
}
