// Discord's Markdown as a reader sees it. Live markup is shown as what it would become, so that text which should have stayed inert differs.

const rules: readonly [RegExp, (match: RegExpExecArray) => string][] = [
  [/^```(?:\w*\n)?([\s\S]*?)\n?```/, (m) => m[1] ?? ''],
  [/^`([^`\n]+)`/, (m) => m[1] ?? ''],
  [/^\\([^0-9A-Za-z\s])/, (m) => m[1] ?? ''],
  [/^https?:\/\/[^\s<>]+/, (m) => m[0]],
  [/^\[([^\]\n]+)\]\((https?:[^)\s]+|\w+)\)/, (m) => `‹link ${m[1] ?? ''}›`],
  [/^<(@[!&]?\d+|#\d+|a?:\w+:\d+|t:\d+(?::\w)?|\/[\w ]+:\d+)>/, (m) => `‹mention ${m[1] ?? ''}›`],
  [/^@(everyone|here)/, (m) => `‹mention ${m[1] ?? ''}›`],
  [/^\|\|([\s\S]+?)\|\|/, () => '‹spoiler›'],
  [/^~~([\s\S]+?)~~/, (m) => `‹struck ${visible(m[1] ?? '')}›`],
  [/^\*\*((?:\\.|[^*])+?)\*\*/, (m) => visible(m[1] ?? '')],
  [/^__((?:\\.|[^_])+?)__/, (m) => `‹underlined ${visible(m[1] ?? '')}›`],
  [/^\*((?:\\.|[^*\s])(?:\\.|[^*])*?)\*/, (m) => `‹italic ${visible(m[1] ?? '')}›`],
  [/^_((?:\\.|[^_])+?)_(?!\w)/, (m) => `‹italic ${visible(m[1] ?? '')}›`],
]
const lineRules: readonly [RegExp, string][] = [
  [/^#{1,3} /, ''],
  [/^-# /, '‹small› '],
  [/^> /, '‹quote› '],
  [/^\s*[-*] /, '‹item› '],
]

/** What a person reads of a message's text. */
export function visible(markdown: string): string {
  let text = ''
  let at = 0
  while (at < markdown.length) {
    const rest = markdown.slice(at)
    const line = at === 0 || markdown[at - 1] === '\n' ? lineRules.find(([pattern]) => pattern.test(rest)) : undefined
    if (line !== undefined) {
      text += line[1]
      at += line[0].exec(rest)?.[0].length ?? 0
      continue
    }
    const rule = rules.flatMap(([pattern, show]) => {
      const match = pattern.exec(rest)
      return match === null ? [] : [{ length: match[0].length, shown: show(match) }]
    })[0]
    text += rule?.shown ?? rest.slice(0, 1)
    at += rule?.length ?? 1
  }
  return text
}
