-- Versions of the gateway that assistants may move to, and what is new in them, in the operator's words.
create table releases (
  image text primary key,
  notes text not null default '',
  offered_at timestamptz not null default now(),
  withdrawn_at timestamptz
);

-- A version that a share of all assistants is moved to. `stopped`: too many failed, or the operator said so; `over`: another one took its place.
create table rollouts (
  id text primary key,
  image text not null references releases (image),
  percent integer not null check (percent between 1 and 100),
  at_once integer not null check (at_once between 1 and 1000),
  -- From this share of failed ones on it stops by itself.
  failed_percent_max integer not null check (failed_percent_max between 0 and 100),
  state text not null default 'running' check (state in ('running', 'stopped', 'over')),
  reason text,
  created_at timestamptz not null default now(),
  -- Failures before this were seen by the operator, who let it go on.
  resumed_at timestamptz not null default now(),
  check ((reason is not null) = (state = 'stopped'))
);
create unique index rollouts_open on rollouts ((state <> 'over')) where state <> 'over';

-- An assistant on its way to another version: saved, switched, checked, and where that goes wrong brought back with what it knew.
create table upgrades (
  id text primary key,
  instance_id text not null references instances (id),
  from_image text not null,
  to_image text not null references releases (image),
  -- Without it, its owner asked.
  rollout_id text references rollouts (id),
  backup_id text references backups (id),
  restore_id text references restores (id),
  state text not null default 'wanted'
    check (state in ('wanted', 'saving', 'switching', 'checking', 'returning', 'restoring', 'done', 'failed', 'returned', 'stuck')),
  -- Why it did not become what was wanted. `failed`: nothing was changed; `returned`: it is as before; `stuck`: it could not be brought back.
  reason text,
  -- What was seen then, for whoever runs this.
  error text,
  -- As it was before the switch: its last start, how often its gateway had ended, and which of its chats were not connected.
  start_before text,
  exits_before integer,
  down_before jsonb,
  -- How often in a row it was well.
  checks integer not null default 0,
  created_at timestamptz not null default now(),
  state_at timestamptz not null default now(),
  ended_at timestamptz,
  due_at timestamptz not null default now(),
  lease_until timestamptz,
  epoch bigint not null default 0,
  check ((reason is not null) = (state in ('returning', 'restoring', 'failed', 'returned', 'stuck'))),
  check ((ended_at is not null) = (state in ('done', 'failed', 'returned', 'stuck')))
);
create unique index upgrades_open on upgrades (instance_id) where ended_at is null;
create index upgrades_due on upgrades (due_at) where ended_at is null;
create index upgrades_instance on upgrades (instance_id, created_at);
create index upgrades_rollout on upgrades (rollout_id);
