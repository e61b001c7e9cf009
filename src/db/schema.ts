// The tables as drizzle sees them. The SQL under migrations/ is the truth; a test compares the two.
import { bigint, boolean, integer, json, jsonb, pgTable, primaryKey, smallint, text, uuid } from 'drizzle-orm/pg-core'
import { at } from './schema-columns.ts'

export * from './schema-metering.ts'
export * from './schema-upgrades.ts'

const serial = () => bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity()

export const users = pgTable('users', {
  id: text('id').primaryKey(),
  plan: text('plan').notNull().default('starter'),
  timeZone: text('time_zone'),
  language: text('language'),
  createdAt: at('created_at').notNull().defaultNow(),
})

export const identities = pgTable(
  'identities',
  {
    provider: text('provider').notNull(),
    subject: text('subject').notNull(),
    userId: text('user_id').notNull(),
    displayName: text('display_name').notNull().default(''),
    chat: text('chat').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    ref: uuid('ref').notNull().defaultRandom(),
  },
  (table) => [primaryKey({ columns: [table.provider, table.subject] })],
)

export const instances = pgTable('instances', {
  id: text('id').primaryKey(),
  userId: text('user_id').notNull(),
  name: text('name').notNull(),
  slot: smallint('slot').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
  power: text('power').notNull().default('on'),
  plan: text('plan').notNull(),
  region: text('region').notNull(),
  image: text('image').notNull(),
  modelProvider: text('model_provider'),
  restartGeneration: integer('restart_generation').notNull().default(0),
  secretGeneration: integer('secret_generation').notNull().default(0),
  secretsVersion: bigint('secrets_version', { mode: 'number' }),
  deleteRequestedAt: at('delete_requested_at'),
  desiredVersion: integer('desired_version').notNull().default(1),
  volumeId: text('volume_id'),
  machineId: text('machine_id'),
  machineState: text('machine_state'),
  observedRegion: text('observed_region'),
  everStarted: boolean('ever_started').notNull().default(false),
  restartSeen: integer('restart_seen').notNull().default(0),
  healthy: boolean('healthy').notNull().default(false),
  liveAt: at('live_at'),
  preparing: jsonb('preparing'),
  sent: jsonb('sent'),
  startId: text('start_id'),
  exitAt: bigint('exit_at', { mode: 'number' }),
  exitsSeen: integer('exits_seen').notNull().default(0),
  hostFull: boolean('host_full').notNull().default(false),
  observedAt: at('observed_at'),
  fullRegions: jsonb('full_regions').notNull().default([]),
  blocked: text('blocked'),
  failure: text('failure'),
  destroyedAt: at('destroyed_at'),
  operationId: text('operation_id'),
  operationKind: text('operation_kind'),
  operationStartedAt: at('operation_started_at'),
  dueAt: at('due_at').notNull().defaultNow(),
  leaseOwner: text('lease_owner'),
  leaseUntil: at('lease_until'),
  epoch: bigint('epoch', { mode: 'number' }).notNull().default(0),
  fails: integer('fails').notNull().default(0),
  lastError: text('last_error'),
  channels: jsonb('channels').notNull().default([]),
  configVersion: integer('config_version'),
})

export const instanceEvents = pgTable('instance_events', {
  id: serial(),
  instanceId: text('instance_id').notNull(),
  operationId: text('operation_id'),
  kind: text('kind').notNull(),
  detail: jsonb('detail').notNull().default({}),
  once: text('once'),
  at: at('at').notNull().defaultNow(),
})

export const secretNames = pgTable(
  'secret_names',
  {
    instanceId: text('instance_id').notNull(),
    name: text('name').notNull(),
    fingerprint: text('fingerprint').notNull(),
    last4: text('last4').notNull(),
    version: bigint('version', { mode: 'number' }).notNull(),
    setAt: at('set_at').notNull().defaultNow(),
    who: jsonb('who'),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.name] })],
)

export const configs = pgTable(
  'configs',
  {
    instanceId: text('instance_id').notNull(),
    version: integer('version').notNull(),
    document: json('document').notNull(),
    origin: text('origin').notNull(),
    note: text('note'),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.version] })],
)

export const secretClaims = pgTable('secret_claims', {
  fingerprint: text('fingerprint').primaryKey(),
  instanceId: text('instance_id').notNull(),
  expiresAt: at('expires_at').notNull(),
})

export const stagedApps = pgTable('staged_apps', {
  instanceId: text('instance_id').primaryKey(),
  userId: text('user_id').notNull(),
  expiresAt: at('expires_at').notNull(),
})

export const health = pgTable('health', {
  instanceId: text('instance_id').primaryKey(),
  url: text('url').notNull(),
  dueAt: at('due_at').notNull(),
  failures: integer('failures').notNull().default(0),
  checkedAt: at('checked_at'),
  okAt: at('ok_at'),
  latencyMs: integer('latency_ms'),
  error: text('error'),
})

export const incidents = pgTable('incidents', {
  id: text('id').primaryKey(),
  instanceId: text('instance_id').notNull(),
  kind: text('kind').notNull(),
  count: integer('count').notNull().default(1),
  detail: jsonb('detail').notNull().default({}),
  openedAt: at('opened_at').notNull().defaultNow(),
  updatedAt: at('updated_at').notNull().defaultNow(),
  closedAt: at('closed_at'),
})

export const pairings = pgTable('pairings', {
  instanceId: text('instance_id').primaryKey(),
  key: text('key').notNull(),
  state: text('state').notNull(),
  reason: text('reason'),
  said: text('said'),
  force: boolean('force').notNull().default(false),
  codes: integer('codes').notNull().default(0),
  fails: integer('fails').notNull().default(0),
  expiresAt: at('expires_at').notNull(),
  dueAt: at('due_at').notNull().defaultNow(),
  leaseUntil: at('lease_until'),
  epoch: bigint('epoch', { mode: 'number' }).notNull().default(0),
})

export const chats = pgTable('chats', {
  id: serial(),
  provider: text('provider').notNull(),
  address: text('address').notNull(),
  notBefore: at('not_before').notNull().defaultNow(),
  leaseOwner: text('lease_owner'),
  leaseUntil: at('lease_until'),
  epoch: bigint('epoch', { mode: 'number' }).notNull().default(0),
})

export const outbox = pgTable('outbox', {
  id: serial(),
  chatId: bigint('chat_id', { mode: 'number' }).notNull(),
  userId: text('user_id').notNull(),
  key: text('key').notNull(),
  template: text('template').notNull(),
  payload: jsonb('payload').notNull().default({}),
  version: integer('version').notNull().default(1),
  deliveredVersion: integer('delivered_version').notNull().default(0),
  messageRef: text('message_ref'),
  attempts: integer('attempts').notNull().default(0),
  notBefore: at('not_before').notNull().defaultNow(),
  lastError: text('last_error'),
  createdAt: at('created_at').notNull().defaultNow(),
  givenUpAt: at('given_up_at'),
  heldUntil: at('held_until'),
})

export const alertSettings = pgTable('alert_settings', {
  instanceId: text('instance_id').primaryKey(),
  provider: text('provider'),
  address: text('address'),
  title: text('title'),
  unreachableAt: at('unreachable_at'),
  unreachableWhy: text('unreachable_why'),
  snoozedUntil: at('snoozed_until'),
})

export const alertHours = pgTable('alert_hours', {
  userId: text('user_id').primaryKey(),
  quietFrom: smallint('quiet_from'),
  quietTo: smallint('quiet_to'),
  digestAt: smallint('digest_at'),
  digestDueAt: at('digest_due_at'),
  digestedAt: at('digested_at'),
})

export const channelChecks = pgTable('channel_checks', {
  instanceId: text('instance_id').primaryKey(),
  url: text('url').notNull(),
  dueAt: at('due_at').notNull(),
  failures: integer('failures').notNull().default(0),
  checkedAt: at('checked_at'),
})

export const inbox = pgTable(
  'inbox',
  { source: text('source').notNull(), eventId: text('event_id').notNull(), receivedAt: at('received_at').notNull().defaultNow() },
  (table) => [primaryKey({ columns: [table.source, table.eventId] })],
)

export const wizardSessions = pgTable(
  'wizard_sessions',
  {
    provider: text('provider').notNull(),
    chat: text('chat').notNull(),
    subject: text('subject').notNull(),
    kind: text('kind').notNull(),
    state: jsonb('state').notNull(),
    revision: integer('revision').notNull().default(1),
    messageRef: text('message_ref'),
    expiresAt: at('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.provider, table.chat, table.subject] })],
)

export const actionTokens = pgTable('action_tokens', {
  id: text('id').primaryKey(),
  provider: text('provider').notNull(),
  subject: text('subject').notNull(),
  verb: text('verb').notNull(),
  args: jsonb('args').notNull(),
  expiresAt: at('expires_at').notNull(),
  usedAt: at('used_at'),
})

export const auditLog = pgTable('audit_log', {
  id: serial(),
  at: at('at').notNull().defaultNow(),
  userId: text('user_id'),
  actor: text('actor').notNull(),
  action: text('action').notNull(),
  instanceId: text('instance_id'),
  input: jsonb('input').notNull().default({}),
  outcome: text('outcome').notNull(),
  room: text('room'),
})

export const shares = pgTable('shares', {
  id: text('id').primaryKey(),
  instanceId: text('instance_id').notNull(),
  provider: text('provider').notNull(),
  room: text('room').notNull(),
  roomKind: text('room_kind').notNull(),
  roomTitle: text('room_title').notNull().default(''),
  role: text('role').notNull(),
  grantedBy: uuid('granted_by'),
  createdAt: at('created_at').notNull().defaultNow(),
})

export const approvals = pgTable('approvals', {
  id: text('id').primaryKey(),
  instanceId: text('instance_id').notNull(),
  action: text('action').notNull(),
  askedBy: uuid('asked_by').notNull(),
  provider: text('provider').notNull(),
  room: text('room').notNull(),
  roomKind: text('room_kind').notNull(),
  roomTitle: text('room_title').notNull().default(''),
  answerChat: text('answer_chat').notNull(),
  state: text('state').notNull().default('open'),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at').notNull(),
})

export const linkRequests = pgTable('link_requests', {
  id: text('id').primaryKey(),
  codeHash: text('code_hash').notNull(),
  maker: uuid('maker').notNull(),
  taker: uuid('taker'),
  makerAgreed: boolean('maker_agreed').notNull().default(false),
  takerAgreed: boolean('taker_agreed').notNull().default(false),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at').notNull(),
  outcome: text('outcome'),
})

export const slackInstallations = pgTable('slack_installations', {
  tenant: text('tenant').primaryKey(),
  sealed: text('sealed').notNull(),
  installedAt: at('installed_at').notNull().defaultNow(),
  updatedAt: at('updated_at').notNull().defaultNow(),
})

export const oneTimeTokens = pgTable('one_time_tokens', {
  hash: text('hash').primaryKey(),
  purpose: text('purpose').notNull(),
  userId: text('user_id').notNull(),
  subject: jsonb('subject').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at').notNull(),
  usedAt: at('used_at'),
  tries: smallint('tries').notNull().default(0),
  hold: text('hold'),
  heldUntil: at('held_until'),
})

export const tokenMisses = pgTable('token_misses', {
  address: text('address').primaryKey(),
  count: integer('count').notNull().default(1),
  since: at('since').notNull().defaultNow(),
})

export const telegramKeyboards = pgTable('telegram_keyboards', {
  chat: text('chat').primaryKey(),
  viewRef: text('view_ref').notNull(),
  keyboardRef: text('keyboard_ref').notNull(),
  shownAt: at('shown_at').notNull().defaultNow(),
})

export const referralCodes = pgTable('referral_codes', {
  code: text('code').primaryKey(),
  userId: text('user_id').notNull(),
})

export const referrals = pgTable('referrals', {
  userId: text('user_id').primaryKey(),
  referrerId: text('referrer_id').notNull(),
  cameAt: at('came_at').notNull().defaultNow(),
})

export const backups = pgTable('backups', {
  id: text('id').primaryKey(),
  userId: text('user_id').notNull(),
  instanceId: text('instance_id').notNull(),
  instanceName: text('instance_name').notNull(),
  image: text('image').notNull(),
  version: text('version'),
  kind: text('kind').notNull(),
  state: text('state').notNull().default('wanted'),
  bytes: bigint('bytes', { mode: 'number' }),
  sha256: text('sha256'),
  reason: text('reason'),
  error: text('error'),
  fails: integer('fails').notNull().default(0),
  createdAt: at('created_at').notNull().defaultNow(),
  doneAt: at('done_at'),
  expiresAt: at('expires_at'),
  dueAt: at('due_at').notNull().defaultNow(),
  leaseUntil: at('lease_until'),
  epoch: bigint('epoch', { mode: 'number' }).notNull().default(0),
  configVersion: integer('config_version'),
})

export const backupSchedules = pgTable('backup_schedules', {
  instanceId: text('instance_id').primaryKey(),
  every: text('every').notNull(),
  dueAt: at('due_at').notNull().defaultNow(),
})

export const restores = pgTable('restores', {
  id: text('id').primaryKey(),
  backupId: text('backup_id').notNull(),
  instanceId: text('instance_id').notNull(),
  fresh: boolean('fresh').notNull().default(false),
  beforeId: text('before_id'),
  state: text('state').notNull().default('wanted'),
  reason: text('reason'),
  error: text('error'),
  fails: integer('fails').notNull().default(0),
  createdAt: at('created_at').notNull().defaultNow(),
  dueAt: at('due_at').notNull().defaultNow(),
  leaseUntil: at('lease_until'),
  epoch: bigint('epoch', { mode: 'number' }).notNull().default(0),
  leftOut: jsonb('left_out').notNull().default([]),
})
