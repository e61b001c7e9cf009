import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { configTable, readConfig, type Config, type ConfigProblem } from '../src/config.ts'

function configOf(env: Record<string, string>): Config {
  const read = readConfig(env)
  if (!read.ok) throw new Error(inspect(read.problems))
  return read.config
}

function problemsOf(env: Record<string, string>): ConfigProblem[] {
  const read = readConfig(env)
  return read.ok ? [] : read.problems
}

const KEYS = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"eA","d":"ZA"}]}'

const BUCKET = {
  BUCKET_NAME: 'conch-backups',
  AWS_ENDPOINT_URL_S3: 'https://fly.storage.tigris.dev',
  AWS_ACCESS_KEY_ID: 'tid_one',
  AWS_SECRET_ACCESS_KEY: 'hunter2',
}

describe('configuration', () => {
  it('nothing configured is a working local Conch', () => {
    const nothing: Config = {
      home: '.conch',
      database: { kind: 'pglite' },
      signingKeys: null,
      port: 8787,
      publicUrl: null,
      gatewayImage: 'gateway:openclaw-2026.9.6',
      browserSuffix: null,
      backups: { kind: 'folder', dir: '.conch/backups' },
      provider: { kind: 'local' },
      telegram: null,
      discord: null,
      slack: null,
      checks: {
        telegram: 'https://api.telegram.org',
        discord: 'https://discord.com/api/v10',
        slack: 'https://slack.com/api',
        anthropic: 'https://api.anthropic.com',
        openai: 'https://api.openai.com',
        google: 'https://generativelanguage.googleapis.com',
        openrouter: 'https://openrouter.ai',
      },
      log: { level: 'info', format: 'json' },
    }
    expect(configOf({})).toStrictEqual(nothing)
    expect(configOf({ DATABASE_URL: '', FLY_API_TOKEN: ' ', PORT: '', PATH: '/bin', HOME: '/root' })).toStrictEqual(nothing)
  })

  it('each group turns its part real', () => {
    const config = configOf({
      CONCH_HOME: '/var/lib/conch',
      DATABASE_URL: 'postgresql://conch:hunter2@db/conch',
      CONCH_SIGNING_KEYS: KEYS,
      PORT: '0',
      PUBLIC_URL: 'https://conch.example.com/',
      GATEWAY_IMAGE: 'registry.fly.io/conch-gateway:openclaw-2026.9.6',
      FLY_API_TOKEN: 'FlyV1 fm2_hunter2\n',
      FLY_ORG: 'personal',
      LOG_LEVEL: 'debug',
      LOG_FORMAT: 'pretty',
    })
    expect(config).toMatchObject({
      home: '/var/lib/conch',
      port: 0,
      publicUrl: 'https://conch.example.com',
      log: { level: 'debug', format: 'pretty' },
    })
    expect(config.gatewayImage).toBe('registry.fly.io/conch-gateway:openclaw-2026.9.6')
    expect(config.database.kind === 'postgres' && config.database.url.open()).toBe('postgresql://conch:hunter2@db/conch')
    expect(config.provider).toMatchObject({ kind: 'fly', org: 'personal', apiUrl: 'https://api.machines.dev' })
    expect(config.provider.kind === 'fly' && config.provider.token.open()).toBe('FlyV1 fm2_hunter2')
    expect(`${JSON.stringify(config)} ${inspect(config, { depth: 9 })}`).not.toContain('hunter2')
  })

  it('what fly storage create sets is a store for backups; keys of somebody else’s without a bucket are none', () => {
    const { backups } = configOf({ ...BUCKET, AWS_REGION: 'auto' })
    expect(backups).toMatchObject({
      kind: 's3',
      bucket: 'conch-backups',
      endpoint: 'https://fly.storage.tigris.dev',
      region: 'auto',
      keyId: 'tid_one',
    })
    expect(backups.kind === 's3' && backups.key.open()).toBe('hunter2')
    expect(inspect(backups, { depth: 9 })).not.toContain('hunter2')
    expect(configOf({ AWS_ACCESS_KEY_ID: 'x', AWS_REGION: 'eu-west-1' }).backups).toEqual({ kind: 'folder', dir: '.conch/backups' })
  })

  it.each([
    ['PORT', { PORT: 'http' }, '8080'],
    ['PORT', { PORT: '65536' }, '8080'],
    ['PORT', { PORT: '-1' }, '8080'],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://a:hunter2@db/conch', CONCH_SIGNING_KEYS: KEYS }, 'postgres://'],
    ['DATABASE_URL', { DATABASE_URL: 'hunter2', CONCH_SIGNING_KEYS: KEYS }, 'postgres://'],
    ['CONCH_SIGNING_KEYS', { DATABASE_URL: 'postgres://a:hunter2@db/conch' }, 'Ed25519'],
    ['CONCH_SIGNING_KEYS', { CONCH_SIGNING_KEYS: '{"keys":[{"kty":"oct","k":"hunter2"}]}' }, 'Ed25519'],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://conch.example.com' }, 'https://'],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://localhost.example.com' }, 'https://'],
    ['PUBLIC_URL', { PUBLIC_URL: 'conch.example.com' }, 'https://'],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }, 'debug'],
    ['LOG_FORMAT', { LOG_FORMAT: 'xml' }, 'pretty'],
    ['GATEWAY_IMAGE', { GATEWAY_IMAGE: 'two words' }, 'gateway:stub'],
    ['GATEWAY_IMAGE', { GATEWAY_IMAGE: 'nginx:latest' }, 'gateway:stub'],
    ['FLY_ORG', { FLY_ORG: 'My Org', FLY_API_TOKEN: 'hunter2' }, 'personal'],
    ['FLY_ORG', { FLY_API_TOKEN: 'hunter2' }, 'personal'],
    ['FLY_API_TOKEN', { FLY_ORG: 'personal' }, 'FlyV1 '],
    ['FLY_API_TOKEN', { FLY_API_URL: 'http://127.0.0.1:4280' }, 'FlyV1 '],
    ['FLY_API_URL', { FLY_API_URL: 'http://machines.example.com', FLY_API_TOKEN: 'hunter2', FLY_ORG: 'personal' }, 'http://127.0.0.1:4280'],
    ['AWS_ACCESS_KEY_ID', { ...BUCKET, AWS_ACCESS_KEY_ID: '' }, 'tid_'],
    ['AWS_SECRET_ACCESS_KEY', { ...BUCKET, AWS_SECRET_ACCESS_KEY: '' }, 'tsec_'],
    ['AWS_REGION', { ...BUCKET, AWS_ENDPOINT_URL_S3: '' }, 'auto'],
    ['AWS_ENDPOINT_URL_S3', { ...BUCKET, AWS_ENDPOINT_URL_S3: 'http://storage.example.com' }, 'https://'],
    ['BUCKET_NAME', { ...BUCKET, BUCKET_NAME: 'My/Bucket' }, 'conch-backups'],
    ['CONCH_HOME', { CONCH_HOEM: 'hunter2' }, '/var/lib/conch'],
  ])('%s is named once, with an example and without its value, in %o', (name, env: Record<string, string>, example) => {
    const problems = problemsOf(env)
    expect(problems).toStrictEqual([{ name, problem: expect.stringMatching(/^(must|is) /), example: expect.stringContaining(example) }])
    expect(inspect(problems)).not.toContain('hunter2')
  })

  it('says everything that is wrong at once', () => {
    const names = problemsOf({ PORT: 'x', LOG_LEVEL: 'x', FLY_ORG: 'personal', FLY_API_URL: 'https://a.example', CONCH_PORT: '1' }).map(
      (problem) => problem.name,
    )
    expect(names).toStrictEqual(['PORT', 'LOG_LEVEL', 'PORT', 'FLY_API_TOKEN'])
  })

  it.each([
    ['CONCH_HOEM', 'CONCH_HOME'],
    ['CONCH_PUBLIC_URL', 'PUBLIC_URL'],
    ['CONCH_DATABASE_URL', 'DATABASE_URL'],
  ])('an unknown %s suggests %s', (name, nearest) => {
    expect(problemsOf({ [name]: 'x' })).toMatchObject([{ name: nearest, problem: expect.stringContaining(name) }])
  })

  it('plain http is accepted on this machine', () => {
    expect(configOf({ PUBLIC_URL: 'http://localhost:8787' }).publicUrl).toBe('http://localhost:8787')
    expect(configOf({ PUBLIC_URL: 'http://127.0.0.1:8787/' }).publicUrl).toBe('http://127.0.0.1:8787')
  })

  it('every variable that is read is in the table, with its example', () => {
    const table = configTable()
    for (const name of [
      'CONCH_HOME',
      'DATABASE_URL',
      'PORT',
      'PUBLIC_URL',
      'GATEWAY_IMAGE',
      'FLY_API_TOKEN',
      'FLY_ORG',
      'FLY_API_URL',
      'LOG_LEVEL',
      'LOG_FORMAT',
    ]) {
      expect(table).toMatch(new RegExp(`^\\| \`${name}\` \\| [^|]+ \\| [^|]+ \\| [^|]+ \\|$`, 'm'))
    }
  })

  it('every example in the table is accepted', () => {
    const examples = Object.fromEntries(
      [...configTable().matchAll(/^\| `(\w+)` .*\| `([^`]+)` \|$/gm)].map(([, name = '', example = '']) => [name, example]),
    )
    expect(Object.keys(examples).length).toBeGreaterThan(15)
    expect(problemsOf(examples)).toStrictEqual([])
  })

  it('names the three other settings of Slack over HTTP, and the public address', () => {
    const names = problemsOf({ SLACK_SIGNING_SECRET: 'x' }).map((one) => one.name)
    expect(names.toSorted()).toStrictEqual(['PUBLIC_URL', 'SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET', 'SLACK_STATE_SECRET'])
  })
})
