// A document that an owner wishes for, held against everything at once: the schema of its gateway's version, and our own rules. Only what passes
// here is ever stored, and only what is stored reaches a machine. Pure.
import { effectiveDocument, type Circumstances, type JsonObject, type Path } from './gateway-document.ts'
import { pathWord } from './gateway-diff.ts'
import { doorProblems, ruleProblems, type RuleProblem } from './gateway-rules.ts'
import type { GatewaySchema, SchemaProblem } from './gateway-schema.ts'
import type { ReadText, TextProblem } from './gateway-text.ts'
import type { PlanId } from './plans.ts'
import { holdsSecret } from './secret-shapes.ts'

type Whole<T> = T extends { path: Path } ? Omit<T, 'path'> & { path: string; line: number | null } : never
/** One thing that is wrong, with the words for its place. Nothing of a value is ever in it. */
export type DocumentProblem = Whole<SchemaProblem> | Whole<RuleProblem> | { kind: 'text'; what: TextProblem; path: string; line: number | null }

/** What a document is held against, and what it comes together with. */
export type CheckedAgainst = Circumstances & { plan: PlanId; variables: readonly string[]; schema: GatewaySchema }

/** Everything that is wrong with a document, by its lines where they are known; empty for one that may reach a machine. */
export function documentProblems(
  document: JsonObject,
  against: CheckedAgainst,
  lineOf: (path: Path) => number | null = () => null,
): DocumentProblem[] {
  const placed = problemsIn(document, against).map((one) => ({ ...one, path: pathWords(one.path), line: lineOf(one.path) }) as DocumentProblem)
  return placed.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
}

/** The same, each with its place as a path. */
export function problemsIn(document: JsonObject, against: CheckedAgainst): (SchemaProblem | RuleProblem)[] {
  const effective = effectiveDocument(document, against)
  const rules = [...ruleProblems(document, against), ...doorProblems(effective)]
  const own = against.schema.problemsIn(document)
  // Right by itself and ours by itself, it may still be wrong together.
  const together = own.length > 0 || rules.length > 0 ? [] : against.schema.problemsIn(effective)
  const refusedAlready = (path: Path): boolean => rules.some((rule) => rule.kind === 'ours' && rule.path.every((part, index) => path[index] === part))
  return [...rules, ...own.filter((one) => !refusedAlready(one.path)), ...together]
}

/** What keeps a text from being a document, as its one problem. */
export function textProblem(read: Extract<ReadText, { ok: false }>): DocumentProblem {
  return { kind: 'text', what: read.problem, path: pathWords(read.path), line: read.line }
}

/** A place in words. A secret may have slipped into a name: it is not repeated. */
export function pathWords(path: Path): string {
  return path.reduce<string>((inside, name) => pathWord(inside, typeof name === 'string' && holdsSecret(name) ? '…' : name), '')
}
