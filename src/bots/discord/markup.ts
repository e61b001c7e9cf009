// Spans as Discord's Markdown. What is not ours must stay inert: neither formatting, nor a mention, nor a heading.
import { inert, type SpanStyle } from '../core/layout.ts'

/** An address is left as it is: Discord links it before it looks for markup, and a backslash would break it. */
const ADDRESS = /https?:\/\/[\w\-.~:/?#@!$&'+,;=%]+/g
const MARKUP = /[\\*_~`|<>[\]()@]/g
/** What makes a heading, a list or a quotation of a line that begins with it. */
const LINE_START = /^(\s*)(?:([-+#>])|(\d+)([.)]))/

/** Our own emphasis in Markdown, and everything else as it stands. */
export const discordStyle: SpanStyle = (span) => {
  if (typeof span === 'string') return escaped(span)
  if ('code' in span) return inlineCode(span.code)
  const text = escaped(span.bold)
  return text.trim() === '' ? text : `**${text}**`
}

/** `text` with nothing in it that Discord would take for markup. */
export function escaped(text: string): string {
  const plain = inert(text)
  const parts: string[] = []
  let at = 0
  for (const match of plain.matchAll(ADDRESS)) {
    parts.push(withoutMarkup(plain.slice(at, match.index)), match[0])
    at = match.index + match[0].length
  }
  parts.push(withoutMarkup(plain.slice(at)))
  return parts
    .join('')
    .replace(LINE_START, (_, space: string, sign?: string, number?: string, dot?: string) =>
      sign === undefined ? `${space}${number ?? ''}\\${dot ?? ''}` : `${space}\\${sign}`,
    )
}

function withoutMarkup(text: string): string {
  return text.replaceAll(MARKUP, String.raw`\$&`)
}

// Nothing is escaped inside code, so that its end is the only thing to keep out.
function inlineCode(text: string): string {
  const plain = inert(text).replaceAll('`', 'ˋ')
  return plain.trim() === '' ? plain : `\`${plain}\``
}

/** Output as a block of code. */
export function codeBlock(lines: readonly string[]): string {
  return `\`\`\`\n${lines.map((line) => inert(line).replaceAll('```', '`\u200b``')).join('\n')}\n\`\`\``
}
