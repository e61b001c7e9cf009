// Floors: a file may import its own folder and what stands below it. dependency-cruiser 18 reads TypeScript only up to 6 by itself:
// with TypeScript 7 alone it reports "no violations (0 modules)" and exits 0. It needs @swc/core beside it, and CI must fail on 0 modules.
const rule = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to })
const floor = (folder, below) => rule(`${folder}-floor`, { path: `^src/${folder}/` }, { path: `^src/(?!(${[folder, ...below].join('|')})/)` })
module.exports = {
  forbidden: [
    rule('no-circular', {}, { circular: true }),
    floor('lib', []),
    rule('domain-is-pure', { path: '^src/domain/' }, { pathNot: '^(src/(domain|lib)/|node_modules/(zod|@cfworker/json-schema|@humanwhocodes/momoa)/)' }, 'no SDK, no node:*, no I/O'),
    floor('db', ['domain', 'lib']),
    floor('secrets', ['db', 'domain', 'lib']),
    floor('orchestrator', ['secrets', 'db', 'domain', 'lib']),
    floor('billing', ['db', 'domain', 'lib']),
    floor('actions', ['orchestrator', 'billing', 'secrets', 'db', 'domain', 'lib']),
    floor('bots/core', ['actions', 'db', 'domain', 'lib']),
    rule('adapter-floor', { path: '^src/bots/(telegram|discord|slack|terminal|browser)/' }, { path: '^src/(?!bots/core/|bots/$1/|domain/|lib/)' }),
    floor('web', ['actions', 'billing', 'db', 'domain', 'lib']),
    rule('local-is-a-leaf', { pathNot: '^(src/(local/|main.ts|app.ts)|test/|bench/)' }, { path: '^src/local/' }),
    rule('images-stand-alone', { path: '^images/' }, { path: '^src/' }, 'they run on a machine that has nothing else of ours'),
    rule('env-only-in-config', { pathNot: '^(src/(config|main|app|faces).ts|test/|bench/)' }, { path: '^src/config.ts', dependencyTypesNot: ['type-only'] }),
    ...Object.entries({
      grammy: 'src/bots/telegram/', 'discord.js': 'src/bots/discord/', '@slack/bolt': 'src/bots/slack/', stripe: 'src/billing/',
      'drizzle-orm': 'src/db/', pg: 'src/db/', '@electric-sql/pglite': 'src/db/', hono: 'src/(web|local|bots/browser)/', croner: 'src/(app|control-plane).ts',
    }).map(([sdk, home]) => rule(`only-${home}-imports-${sdk}`, { path: '^src/', pathNot: `^${home}` }, { path: `node_modules/${sdk}/` })),
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] } },
}
