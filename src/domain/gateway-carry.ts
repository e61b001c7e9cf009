// What of an owner's document goes over to another assistant: as much of it as may reach that one's machine. Pure.
import { pathWords, problemsIn, type CheckedAgainst } from './gateway-check.ts'
import { isObject, valueAt, withValueAt, type JsonObject, type Path } from './gateway-document.ts'
import { modelProviderOf } from './model-providers.ts'

/** Settings that did not go over. `needs`: the variables whose lack is why; empty when it is something else, such as its plan or its version. */
export type LeftOut = { path: string; needs: string[] }
export type CarriedOver = { document: JsonObject; leftOut: LeftOut[] }

/**
 * The part of `document` that another assistant can have. What is wrong there goes with the whole group that it stands in: half a group could mean
 * something else than its owner wished, a webhook without its secret for example.
 */
export function carriedOver(document: JsonObject, against: CheckedAgainst): CarriedOver {
  let { document: kept, leftOut } = withoutKeylessModel(document, against)
  for (;;) {
    const problems = problemsIn(kept, against)
    const [first] = problems
    if (first === undefined) return { document: kept, leftOut }
    const group = groupOf(kept, first.path)
    const inside = problems.filter((one) => group.every((name, index) => one.path[index] === name))
    const needs = new Set(inside.flatMap((one) => (one.kind === 'no-variable' ? [one.name] : [])))
    const groups = group.length > 0 ? [group] : Object.keys(kept).map((name) => [name])
    leftOut = [...leftOut, ...groups.map((path) => ({ path: pathWords(path), needs: [...needs] }))]
    kept = groups.reduce((rest, path) => withValueAt(rest, path, undefined), kept)
  }
}

/** Nothing of a document goes over: what can be set there is not known. */
export function nothingCarried(document: JsonObject): CarriedOver {
  return { document: {}, leftOut: Object.keys(document).map((name) => ({ path: pathWords([name]), needs: [] })) }
}

/** The group that a place is in: two names deep where there are groups within it. None when the document has nothing there. */
function groupOf(document: JsonObject, [first, second]: Path): string[] {
  if (typeof first !== 'string' || valueAt(document, [first]) === undefined) return []
  return typeof second === 'string' && isObject(valueAt(document, [first, second]) ?? null) ? [first, second] : [first]
}

const MODEL = ['agents', 'defaults', 'model']

/** Another company's model was chosen for the new one, and there is no key for the former: it could not answer with that. */
function withoutKeylessModel(document: JsonObject, { modelProvider, variables }: CheckedAgainst): CarriedOver {
  const model = valueAt(document, MODEL)
  const name = isObject(model ?? null) ? valueAt(model, ['primary']) : model
  const company = typeof name === 'string' ? modelProviderOf(name.split('/')[0] ?? null) : undefined
  const fits = company === undefined || modelProvider === null || company.id === modelProvider || variables.includes(company.secretName)
  if (fits) return { document, leftOut: [] }
  return { document: withValueAt(document, MODEL, undefined), leftOut: [{ path: pathWords(MODEL), needs: [company.secretName] }] }
}
