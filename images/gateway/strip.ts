// Makes JavaScript of the supervisor's TypeScript, in the folder that is named: what Node needs to read types would stay in memory for as long as
// the supervisor runs, beside a gateway that hardly fits its machine. Lines and columns stay what they were.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'

const TYPESCRIPT = '.ts'
/** What follows `from` or `import`, when it is a file of ours. */
const OWN_IMPORT = /(\b(?:from|import)\b\s*\(?\s*)(['"])(\.{1,2}\/[^'"]+)\.ts\2/g

/** The text of a module without its types, importing what the other modules are called afterwards. */
export function stripped(source: string): string {
  return stripTypeScriptTypes(source, { mode: 'strip' }).replaceAll(OWN_IMPORT, '$1$2$3.js$2')
}

function stripFolder(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith(TYPESCRIPT)) continue
    const path = join(folder, name)
    writeFileSync(`${path.slice(0, -TYPESCRIPT.length)}.js`, stripped(readFileSync(path, 'utf8')))
    rmSync(path)
  }
}

const [folder] = process.argv.slice(2)
if (import.meta.main) {
  if (folder === undefined) throw new Error('strip.ts needs the folder whose files are to be stripped')
  stripFolder(folder)
}
