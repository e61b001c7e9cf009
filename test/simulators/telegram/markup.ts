// Telegram's HTML parse mode: what is shown, and what is stressed in it.

export type Stress = { type: 'bold' | 'code' | 'pre'; text: string }
export type Parsed = { ok: true; text: string; stresses: Stress[] } | { ok: false; why: string }

const TAGS: Readonly<Record<string, Stress['type']>> = { b: 'bold', strong: 'bold', code: 'code', pre: 'pre' }
const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' }

/** The text without its markup, or why Telegram would refuse it. Only the tags that we use are known. */
export function parseHtml(html: string): Parsed {
  const open: { tag: string; at: number }[] = []
  const stresses: Stress[] = []
  let text = ''
  for (const part of html.match(/<[^>]*>?|&\w*;?|[^<&]+/g) ?? []) {
    if (part.startsWith('&')) {
      const meant = ENTITIES[part]
      if (meant === undefined) return { ok: false, why: `can't parse entities: unknown entity ${part}` }
      text += meant
    } else if (part.startsWith('</')) {
      const begun = open.pop()
      const type = TAGS[part.slice(2, -1)]
      if (begun === undefined || type === undefined || begun.tag !== part.slice(2, -1))
        return { ok: false, why: `can't parse entities: unmatched ${part}` }
      stresses.push({ type, text: text.slice(begun.at) })
    } else if (part.startsWith('<')) {
      if (TAGS[part.slice(1, -1)] === undefined) return { ok: false, why: `can't parse entities: unsupported start tag ${part}` }
      open.push({ tag: part.slice(1, -1), at: text.length })
    } else text += part
  }
  return open.length === 0 ? { ok: true, text, stresses } : { ok: false, why: "can't parse entities: can't find end tag" }
}
