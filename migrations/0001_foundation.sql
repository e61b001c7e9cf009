-- People, their instances, and everything that must survive a restart. Forward-only: never edit this file after it has landed.

create table users (
  id text primary key,
  plan text not null default 'starter' check (plan in ('starter', 'pro')),
  time_zone text,
  created_at timestamptz not null default now()
);

-- One person on one platform. `chat` is where announcements reach them: the adapter's own address of their private chat.
create table identities (
  provider text not null,
  subject text not null,
  user_id text not null references users (id),
  display_name text not null default '',
  chat text not null,
  created_at timestamptz not null default now(),
  primary key (provider, subject)
);
create index identities_user on identities (user_id);

create table instances (
  id text primary key check (id ~ '^[a-z0-9]{8,20}$'),
  user_id text not null references users (id),
  name text not null check (name ~ '^[a-z][a-z0-9-]{1,28}[a-z0-9]$'),
  slot smallint not null check (slot between 1 and 100),
  created_at timestamptz not null default now(),
  -- desired state: what the owner asked
  power text not null default 'on' check (power in ('on', 'off')),
  plan text not null check (plan in ('starter', 'pro')),
  region text not null,
  image text not null,
  model_provider text,
  restart_generation integer not null default 0,
  secret_generation integer not null default 0,
  secrets_version bigint,
  delete_requested_at timestamptz,
  desired_version integer not null default 1,
  -- observed state: what the provider showed, and what was sent to it
  volume_id text unique,
  machine_id text unique,
  machine_state text,
  observed_region text,
  ever_started boolean not null default false,
  restart_seen integer not null default 0,
  healthy boolean not null default false,
  live_at timestamptz,
  preparing jsonb,
  sent jsonb,
  start_id text,
  exit_at bigint,
  host_full boolean not null default false,
  observed_at timestamptz,
  full_regions jsonb not null default '[]',
  blocked text,
  failure text,
  destroyed_at timestamptz,
  -- the job under way, null when settled
  operation_id text,
  operation_kind text,
  operation_started_at timestamptz,
  -- due work
  due_at timestamptz not null default now(),
  lease_owner text,
  lease_until timestamptz,
  epoch bigint not null default 0,
  fails integer not null default 0,
  last_error text,
  check ((operation_id is null) = (operation_kind is null)),
  check (destroyed_at is null or delete_requested_at is not null)
);
-- A name and a slot are free again as soon as the owner asked for deletion.
create unique index instances_active_name on instances (user_id, name) where delete_requested_at is null;
create unique index instances_active_slot on instances (user_id, slot) where delete_requested_at is null;
create index instances_due on instances (due_at) where destroyed_at is null;

-- The timeline that progress messages and /status draw. `once` makes an event happen at most once.
create table instance_events (
  id bigint generated always as identity primary key,
  instance_id text not null references instances (id),
  operation_id text,
  kind text not null,
  detail jsonb not null default '{}',
  once text,
  at timestamptz not null default now(),
  unique (instance_id, once)
);
create index instance_events_by_instance on instance_events (instance_id, id desc);
create index instance_events_by_operation on instance_events (operation_id, id);

-- Names of secrets that the provider holds. Never a value.
create table secret_names (
  instance_id text not null,
  name text not null check (name ~ '^[A-Z][A-Z0-9_]{0,63}$'),
  fingerprint text not null,
  last4 text not null check (length(last4) <= 4),
  version bigint not null,
  set_at timestamptz not null default now(),
  primary key (instance_id, name)
);

-- Apps made to hold a pasted secret before its instance exists. Swept when nobody launched in time.
create table staged_apps (
  instance_id text primary key,
  user_id text not null references users (id),
  expires_at timestamptz not null
);
create index staged_apps_due on staged_apps (expires_at);

create table health (
  instance_id text primary key references instances (id),
  url text not null,
  due_at timestamptz not null,
  failures integer not null default 0,
  checked_at timestamptz,
  ok_at timestamptz,
  latency_ms integer,
  error text
);
create index health_due on health (due_at);

create table incidents (
  id text primary key,
  instance_id text not null references instances (id),
  kind text not null,
  count integer not null default 1,
  detail jsonb not null default '{}',
  opened_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  closed_at timestamptz
);
create unique index incidents_open on incidents (instance_id, kind) where closed_at is null;

-- A chat that we may write to, with its pace. Claimed as a whole, so that its messages keep their order.
create table chats (
  id bigint generated always as identity primary key,
  provider text not null,
  address text not null,
  not_before timestamptz not null default now(),
  lease_owner text,
  lease_until timestamptz,
  epoch bigint not null default 0,
  unique (provider, address)
);

-- A message that somebody is owed. A higher version means: render again and edit what was sent.
create table outbox (
  id bigint generated always as identity primary key,
  chat_id bigint not null references chats (id),
  user_id text not null references users (id),
  key text not null unique,
  template text not null,
  payload jsonb not null default '{}',
  version integer not null default 1,
  delivered_version integer not null default 0,
  message_ref text,
  attempts integer not null default 0,
  not_before timestamptz not null default now(),
  last_error text,
  created_at timestamptz not null default now(),
  given_up_at timestamptz
);
create index outbox_undelivered on outbox (chat_id, id) where delivered_version < version and given_up_at is null;

create table inbox (
  source text not null,
  event_id text not null,
  received_at timestamptz not null default now(),
  primary key (source, event_id)
);
create index inbox_age on inbox (received_at);

create table wizard_sessions (
  provider text not null,
  chat text not null,
  subject text not null,
  kind text not null,
  state jsonb not null,
  revision integer not null default 1,
  message_ref text,
  expires_at timestamptz not null,
  primary key (provider, chat, subject)
);

-- What a button does when it does not fit into the button itself.
create table action_tokens (
  id text primary key,
  provider text not null,
  subject text not null,
  verb text not null,
  args jsonb not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index action_tokens_age on action_tokens (expires_at);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  user_id text,
  actor text not null,
  action text not null,
  instance_id text,
  input jsonb not null default '{}',
  outcome text not null
);
create index audit_log_user on audit_log (user_id, id desc);
