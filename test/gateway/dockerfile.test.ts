// Docker's own linter cannot be had from a package registry: dockerfile-utils says what the builder would refuse, the rest are our rules.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DockerfileParser, type Instruction } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import { describe, expect, it } from 'vitest'

const FOLDER = new URL('../../images/gateway/', import.meta.url)
const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, FOLDER)), 'utf8')
const text = read('Dockerfile')
const { instructions, froms, args } = parsed(text)

function parsed(source: string) {
  const file = DockerfileParser.parse(source)
  return { instructions: file.getInstructions(), froms: file.getFROMs(), args: file.getARGs() }
}

const said = (keyword: string, among = instructions): string[] =>
  among.filter((one) => one.getKeyword() === keyword).map((one: Instruction) => one.getArgumentsContent() ?? '')

function dependency(flavour: string): string | undefined {
  const { dependencies } = JSON.parse(read(`flavours/${flavour}/package.json`)) as { dependencies: Record<string, string> }
  return dependencies[flavour]
}

function valueOf(name: string): string | null | undefined {
  return args
    .map((one) => one.getProperty())
    .find((one) => one?.getName() === name)
    ?.getValue()
}

describe('the Dockerfile', () => {
  it('is one that the builder takes', () => {
    expect(validate(text)).toEqual([])
    // Proof that the linter looks.
    expect(validate('FROM scratch\nRUNN true').length).toBeGreaterThan(0)
  })

  it('begins every stage with an earlier one or with the one base image, which names an exact version', () => {
    const stages = froms.map((one) => one.getBuildStage())
    for (const [index, from] of froms.entries()) expect(['${NODE_IMAGE}', ...stages.slice(0, index)]).toContain(from.getImage())
    expect(valueOf('NODE_IMAGE')).toMatch(/^node:24\.\d+\.\d+-\w+-slim$/)
  })

  it('uses the Node that the tests ran on', () => {
    const root = JSON.parse(read('../../package.json')) as { dependencies: Record<string, string> }
    expect(valueOf('NODE_IMAGE')).toContain(`:${root.dependencies['node']}-`)
  })

  it('pins the versions of the gateways, and those of the locks', () => {
    expect(valueOf('OPENCLAW_VERSION')).toBe(dependency('openclaw'))
    expect(valueOf('CLAWDBOT_VERSION')).toBe(dependency('clawdbot'))
  })

  it('uses every argument that it takes', () => {
    const body = instructions
      .filter((one) => one.getKeyword() !== 'ARG')
      .map((one) => one.getTextContent())
      .join('\n')
    const unused = args.map((one) => one.getProperty()?.getName() ?? '').filter((name) => !new RegExp(`\\$\\{?${name}\\b`).test(body))
    expect(unused).toEqual([])
  })

  it('takes nothing from an address, and no secret', () => {
    expect(said('ADD')).toEqual([])
    expect(text).not.toMatch(/https?:\/\//)
    for (const one of [...said('ARG'), ...said('ENV')]) expect(one).not.toMatch(/token|secret|password|api_?key|credential/i)
  })

  it('calls build.sh for everything else: no package manager of its own', () => {
    for (const one of said('RUN')) expect(one).toMatch(/\/build\/build\.sh/)
    expect(text).not.toMatch(/\b(apt-get|npm|npx|curl|wget)\b/)
  })

  it('starts with an init that hands signals on, and the program that gives root up', () => {
    expect(said('ENTRYPOINT')).toEqual(['["tini", "-s", "--", "/opt/gateway/start.sh"]'])
    expect(said('CMD')).toEqual([])
    expect(read('start.sh')).toMatch(/exec setpriv --reuid="\$user" --regid="\$user" --clear-groups --no-new-privs/)
  })

  it('builds without Chromium unless it is asked for', () => {
    expect(froms.at(-1)?.getBuildStage()).toBe('standard')
    expect(said('RUN').filter((one) => one.includes('--browser'))).toHaveLength(1)
  })
})

describe('the locks of the image', () => {
  it.each(['flavours/openclaw/package-lock.json', 'flavours/clawdbot/package-lock.json'])(
    '%s holds a sum of every package, and no address',
    (name) => {
      const { packages } = JSON.parse(read(name)) as {
        packages: Record<string, { resolved?: string; integrity?: string; link?: boolean; optional?: boolean; inBundle?: boolean }>
      }
      const entries = Object.entries(packages).filter(([path]) => path !== '')
      expect(entries.length).toBeGreaterThan(0)
      expect(entries.filter(([, one]) => one.resolved !== undefined)).toEqual([])
      expect(entries.filter(([, one]) => one.integrity === undefined && one.inBundle !== true).map(([path]) => path)).toEqual([])
    },
  )

  it('are all that there is: the supervisor needs no package', () => {
    expect(Object.keys(JSON.parse(read('package.json')) as object)).toEqual(['private', 'type', 'engines'])
  })
})
