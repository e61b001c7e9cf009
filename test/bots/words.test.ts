import { describe, expect, test } from 'vitest'
import { beginDeploy, deployMove, type DeployState } from '../../src/bots/core/deploy-wizard.ts'
import { linesOf, plainStyle } from '../../src/bots/core/layout.ts'
import type { View } from '../../src/bots/core/view.ts'
import { deployQuestion, keyProblemText } from '../../src/bots/core/words/deploy.ts'
import { destroyQuestion, goodbyeView } from '../../src/bots/core/words/destroy.ts'
import { helpView, howView, pricesView, returningView, welcomeView } from '../../src/bots/core/words/greeting.ts'
import { secretTitle } from '../../src/bots/core/words/key-problems.ts'
import { incidentView, type IncidentFacts } from '../../src/bots/core/words/incidents.ts'
import { instancesView, logsView, statusView } from '../../src/bots/core/words/instance.ts'
import { notSetUpView, outcomeView, progressView, type JobFacts } from '../../src/bots/core/words/progress.ts'
import type { InstanceDetail } from '../../src/actions/action.ts'
import { plans } from '../../src/domain/plans.ts'
import { secretShapes, type ShapeProblem } from '../../src/domain/secret-shapes.ts'
import { operationKinds, type Status } from '../../src/domain/status.ts'

const now = new Date('2026-11-23T14:02:00Z')
const before = (seconds: number): Date => new Date(now.getTime() - seconds * 1_000)
const info = { gatewayImage: 'gateway:openclaw-2026.9.6', webAddress: 'http://127.0.0.1:8787', billing: false }
const lines = (view: View): string[] => linesOf({ ...view }, plainStyle).map((line) => line.text)
const words = (view: View): string => lines(view).join('\n')
const labels = (view: View): string[] => view.actions.map((one) => one.label)

describe('keys', () => {
  const kinds: (ShapeProblem & { length: number })[] = [
    { kind: 'shape', length: 12 },
    { kind: 'too-short', length: 25 },
  ]
  test.each(secretShapes.flatMap((shape) => kinds.map((problem) => ({ shape, problem, name: shape.name, kind: problem.kind }))))(
    '$name that is wrong by $kind is told what is expected and what came',
    ({ shape, problem }) => {
      const text = words({ tone: 'plain', blocks: [{ kind: 'text', text: keyProblemText({ shape, problem }, 'deleted') }], actions: [] })
      expect(text).toContain(secretTitle(shape.name))
      expect(text).toContain(String(shape.charsMin))
      expect(text).toContain(String(problem.length))
      expect(text).toContain('I have deleted your message.')
    },
  )
})

describe('setting up', () => {
  const world = { taken: ['my-claw'], now: 0, spareDraftId: 'd2' }
  const facts = { taken: ['my-claw'], timeZone: 'Europe/Amsterdam', info, secrecy: 'masked' as const }
  const start = beginDeploy({ id: 'w1', draftId: 'd1' }, {}, world).state
  const named: DeployState = { ...start, name: 'new-claw', step: 'region', path: ['name'] }

  test('suggests a name that works', () => {
    expect(labels(deployQuestion(start, null, facts))).toEqual(['my-claw-2', 'Cancel'])
  })

  test('offers the nearest places first, and all of them behind More', () => {
    expect(labels(deployQuestion(named, null, facts)).slice(5)).toEqual(['More…', 'Back', 'Cancel'])
    expect(labels(deployQuestion(named, null, { ...facts, timeZone: null }))[0]).toBe('Amsterdam')
    expect(labels(deployQuestion(named, null, { ...facts, timeZone: 'Asia/Tokyo' }))[0]).toBe('Tokyo')
    expect(labels(deployQuestion({ ...named, step: 'regions' }, null, facts))).toHaveLength(20)
  })

  test('the card says what is made, what it costs, and what thinks in it', () => {
    const state: DeployState = {
      ...named,
      region: 'ams',
      step: 'review',
      brain: { kind: 'chosen', provider: 'anthropic', key: { last4: 'x4Qe', tried: true } },
    }
    const view = deployQuestion(state, null, facts)
    expect(lines(view)).toEqual(['new-claw · Amsterdam · Starter, free here: billing is off', 'Brain: Claude (key …x4Qe) · Runs: OpenClaw 2026.9.6'])
    expect(labels(view)).toEqual(['Launch', 'Change something', 'Cancel'])
    const paid = deployQuestion(state, null, { ...facts, info: { ...info, billing: true } })
    expect(words(paid)).toContain('Starter, $9 a month')
    expect(words(paid)).toContain('Nothing is charged before it runs.')
  })

  test('a stand-in is called one wherever it could be taken for the real thing', () => {
    const stub = { ...info, gatewayImage: 'gateway:stub' }
    const state: DeployState = { ...named, region: 'ams', step: 'review', brain: { kind: 'none' } }
    for (const view of [welcomeView(stub), deployQuestion(state, null, { ...facts, info: stub })])
      expect(words(view)).toContain('stand-in with no real assistant')
    expect(words(welcomeView(info))).not.toContain('stand-in')
  })

  test('an answer that was refused is explained with a way on', () => {
    const move = deployMove(start, { kind: 'text', text: 'My Claw' }, world)
    const ask = move.effects[0]
    expect.assert(ask?.kind === 'ask')
    const view = deployQuestion(move.state, ask.problem, facts)
    expect(words(view)).toContain('my-claw-2 would work')
    expect(labels(view)).toEqual(['my-claw-2', 'Cancel'])
  })

  test.each(['name', 'region', 'regions', 'provider', 'key', 'review', 'change'] as const)(
    'the question of the %s fits a phone and can be left',
    (step) => {
      const view = deployQuestion({ ...named, step, region: 'ams', brain: { kind: 'chosen', provider: 'openai', key: 'skipped' } }, null, facts)
      expect(lines(view).length).toBeLessThanOrEqual(5)
      expect(labels(view)).toContain('Cancel')
    },
  )
})

const detail: InstanceDetail = {
  id: 'abcdefgh23',
  name: 'my-claw',
  status: 'live',
  plan: 'starter',
  region: 'ams',
  image: info.gatewayImage,
  modelProvider: 'anthropic',
  blocked: null,
  failure: null,
  createdAt: before(7_200),
  liveSince: before(3_900),
  health: { ok: true, checkedAt: before(20), latencyMs: 3, error: null },
  secrets: [{ name: 'ANTHROPIC_API_KEY', last4: 'x4Qe', setAt: before(7_200) }],
  events: [
    { at: before(3_900), kind: 'done', detail: {} },
    { at: before(3_960), kind: 'requested', detail: { kind: 'restart' } },
    { at: before(7_000), kind: 'done', detail: {} },
    { at: before(7_200), kind: 'requested', detail: { kind: 'deploy' } },
  ],
  incidents: [],
  volumeGb: 1,
  lastBackupAt: null,
  standing: 'owner',
  audience: 'owner',
  sharedWith: [],
}

describe('an instance', () => {
  test('its status says how it is, where it lives, what it runs and what happened last', () => {
    expect(lines(statusView(detail, now))).toEqual([
      '🟢 my-claw is live, for 1 h 5 min now.',
      'Health: answered 20 seconds ago, in 3 ms',
      'Lives in: Amsterdam, the Netherlands, with 1 GB of storage',
      'Runs: OpenClaw 2026.9.6, on the Starter plan',
      'Brain: Claude (key …x4Qe)',
      'Lately: restarted 1 hour ago · went live 1 hour ago',
    ])
  })

  test.each<[Status, string[]]>([
    ['live', ['Open', 'Restart', 'Stop', 'Logs']],
    ['stopped', ['Start', 'Logs', 'Destroy']],
    ['trouble', ['Restart', 'Logs', 'Stop']],
    ['deploying', ['Look again', 'Logs']],
    ['failed', ['Set one up']],
  ])('%s offers %j', (status, expected) => {
    expect(labels(statusView({ ...detail, status }, now))).toEqual(expected)
  })

  test('an incident stands first in the status', () => {
    expect(lines(statusView({ ...detail, status: 'trouble', incidents: [{ kind: 'out-of-memory', count: 3, openedAt: before(600) }] }, now))[1]).toBe(
      'It ran out of memory: it began 10 minutes ago, 3 times so far.',
    )
  })

  test('the list names every instance with its state, and an empty one says what to do', () => {
    expect(lines(instancesView([detail, { ...detail, name: 'b-claw', status: 'stopped' }], plans.pro))).toEqual([
      '🟢 my-claw · live · Amsterdam',
      '· b-claw · stopped · Amsterdam',
      'Your plan: Pro. You use 2 of 3 assistants, each with 5 GB of storage.',
    ])
    expect(labels(instancesView([], plans.starter))).toEqual(['Set one up'])
    expect(lines(instancesView([detail], plans.starter))[1]).toBe('Your plan: Starter, for 1 assistant with 1 GB of storage.')
    expect(lines(instancesView([{ ...detail, audience: 'operate' }], plans.starter))).toHaveLength(1)
    expect(labels(instancesView([detail], plans.starter))).not.toContain('Set up another')
    expect(labels(instancesView([detail], plans.pro))).toContain('Set up another')
  })

  test('logs are shown newest last, and more of them behind a button', () => {
    const all = Array.from({ length: 15 }, (_, index) => ({ at: '2026-11-23T14:02:00Z', message: `line ${index}` }))
    const view = logsView({ name: 'my-claw', lines: all }, { lines: 15, timeZone: 'Europe/Amsterdam' })
    expect(lines(view).at(-1)).toBe('15:02  line 14')
    expect(labels(view)).toEqual(['More', 'Newest', 'Status'])
    expect(words(logsView({ name: 'my-claw', lines: [] }, { lines: 15, timeZone: null }))).toContain('has not said anything yet')
  })
})

const job: JobFacts = {
  key: 'op:1',
  kind: 'deploy',
  startedAt: before(70),
  now,
  reached: ['network', 'storage', 'machine'],
  preparing: null,
  notices: [],
  end: { kind: 'running' },
  instance: {
    id: 'abcdefgh23',
    name: 'my-claw',
    region: 'ams',
    image: info.gatewayImage,
    plan: 'starter',
    modelProvider: 'anthropic',
    hasKey: true,
    channels: [],
  },
  channel: null,
}

describe('a job', () => {
  test('its message shows what is done, what is under way and what comes, with the time', () => {
    expect(lines(progressView(job))).toEqual([
      'Launching my-claw (1 min 10 s)',
      '✓ Private network ✓ Storage 1 GB ✓ Machine in Amsterdam',
      '⏳ Starting OpenClaw: usually 20 to 60 s',
      '· First health check',
    ])
  })

  test('the installation of the gateway shows its share', () => {
    const view = progressView({ ...job, preparing: { percent: 41.6, message: 'Installing OpenClaw 2026.9.6' } })
    expect(lines(view)[2]).toBe('⏳ Installing OpenClaw 2026.9.6: 42 %')
  })

  test.each(operationKinds.map((kind) => ({ kind })))('$kind names its instance in every state, and only a running one goes on', ({ kind }) => {
    const ends: JobFacts['end'][] = [
      { kind: 'running' },
      { kind: 'done', at: now },
      { kind: 'failed', reason: 'too-slow', cleaned: true, at: now },
      { kind: 'superseded', by: 'stop', at: now },
      { kind: 'blocked', reason: 'region-full' },
    ]
    for (const end of ends) {
      const view = progressView({ ...job, kind, end })
      expect(words(view)).toContain('my-claw')
      expect(lines(view).length).toBeLessThanOrEqual(6)
      expect(view.job).toBe(end.kind === 'running' ? 'ongoing' : end.kind === 'blocked' || end.kind === 'superseded' ? 'interrupted' : undefined)
    }
  })

  test('quick jobs end as their result', () => {
    const end = { kind: 'done', at: now } as const
    expect(words(progressView({ ...job, kind: 'restart', end }))).toBe('🟢 my-claw is back, after 1 min 10 s. Nothing was lost.')
    expect(words(progressView({ ...job, kind: 'stop', end }))).toContain('is stopped. Its storage and its memory are kept.')
  })

  test('a finished deployment says what to do next, and that a key is missing when it is', () => {
    const end = { kind: 'done', at: now } as const
    const live = outcomeView({ ...job, end }, info)
    expect.assert(live !== null)
    expect(lines(live)[0]).toBe('🟢 my-claw is live in Amsterdam, running OpenClaw 2026.9.6.')
    const keyless = outcomeView({ ...job, end, instance: { ...job.instance, hasKey: false } }, info)
    expect.assert(keyless !== null)
    expect(words(keyless)).toContain('It has no key yet')
    expect(outcomeView(job, info)).toBeNull()
  })

  test.each(['address-taken', 'too-slow', 'storage-lost', 'quota', 'rejected', 'bad-config', 'keeps-crashing', 'something-new'])(
    'a deployment that failed by %s says why, what was cleaned, and offers another try',
    (reason) => {
      const view = notSetUpView({ ...job, reason, cleaned: true })
      expect(words(view)).toContain('Everything that was made for it is removed')
      expect(view.actions[0]).toMatchObject({ label: 'Try again', press: { verb: 'retry', args: ['abcdefgh23'] } })
    },
  )

  test('a region that was full is told with the one that took its place', () => {
    expect(words(progressView({ ...job, notices: [{ kind: 'region-fallback', from: 'fra', to: 'ams' }] }))).toContain(
      'Frankfurt is full right now (our provider has no room there), so my-claw goes to Amsterdam.',
    )
  })
})

const incident: IncidentFacts = {
  key: 'incident:1',
  kind: 'unhealthy',
  count: 1,
  detail: { failures: 3, error: 'no answer within 10 s' },
  openedAt: now,
  updatedAt: now,
  closedAt: null,
  timesThisWeek: 1,
  snoozedUntil: null,
  instance: { id: 'i12345678', name: 'my-claw', region: 'ams', plan: 'starter', gone: false },
  timeZone: 'Europe/Amsterdam',
}

describe('trouble', () => {
  const kinds = [
    'unhealthy',
    'crashed',
    'out-of-memory',
    'bad-config',
    'host-unreachable',
    'region-full',
    'storage-lost',
    'destroy-stuck',
    'something-new',
  ]
  test.each(kinds)('%s is told in one message, open and over', (kind) => {
    const open = words(incidentView({ ...incident, kind }))
    const over = words(incidentView({ ...incident, kind, closedAt: new Date(now.getTime() + 58_000) }))
    for (const text of [open, over]) {
      expect(text).toContain('my-claw')
      expect(text.split('\n').length).toBeLessThanOrEqual(5)
    }
    expect(open).toMatch(/^(🔴|🟡) /u)
    expect(over).toContain('🟢 my-claw is back at 15:02, after 58 s.')
  })

  test('what failed is said when it is known', () => {
    expect(words(incidentView(incident))).toBe(
      '🔴 my-claw stopped answering at 15:02 (3 checks in a row, the last one: no answer within 10 s). I am restarting it. Nothing that it had saved is lost.',
    )
  })

  test('storage that was made anew says from when its copy is, open and over', () => {
    const facts = { ...incident, kind: 'storage-lost', detail: { region: 'ams', copiedAt: '2026-11-24T02:10:00.000Z' } }
    expect(words(incidentView(facts))).toContain('from the copy that the provider took on 24 Nov, 03:10. What came after that is lost.')
    const over = incidentView({ ...facts, closedAt: now })
    expect(words(over)).toContain('it knows what it knew on 24 Nov, 03:10')
    expect(labels(over)).toEqual(['Backups', 'Status'])
  })

  test('memory running out names the plan that has more', () => {
    const view = incidentView({ ...incident, kind: 'out-of-memory', count: 3, closedAt: now })
    expect(words(view)).toContain('Pro has twice as much.')
    expect(labels(view)).toEqual(['See Pro', 'Status', 'Logs'])
  })
})

describe('the way around', () => {
  test.each([
    ['welcome', welcomeView(info)],
    ['how', howView(info)],
    ['prices', pricesView(info)],
    ['goodbye', goodbyeView('my-claw')],
    ['destroy', destroyQuestion({ ...detail, savedAt: null }, { keep: { label: 'Keep it', press: { verb: 'w', args: [] } }, now: before(0) })],
  ])('%s fits a phone and has a next step', (_name, view) => {
    expect(lines(view).length).toBeLessThanOrEqual(5)
    expect(view.actions.length).toBeGreaterThan(0)
  })

  test('somebody with one stopped assistant is offered to start it', () => {
    expect(labels(returningView([{ ...detail, status: 'stopped' }], info))[0]).toBe('Start my-claw')
    expect(labels(returningView([detail], info))[0]).toBe('Status')
  })

  test('help has one line for every command', () => {
    const commands = [{ name: 'deploy', summary: 'Set up a new assistant', words: [] }]
    expect(lines(helpView(commands, { ...info, webAddress: null }))).toEqual(['What you can ask me', '/deploy Set up a new assistant'])
  })
})
