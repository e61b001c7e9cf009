-- Copies of what assistants know. They belong to their owner, and outlive the assistant. The archive itself is in the store of backups, under the
-- row's id; `sha256` is the sum that it must have.
create table backups (
  id text primary key,
  user_id text not null references users (id),
  instance_id text not null references instances (id),
  -- As it was called then, and what it ran.
  instance_name text not null,
  image text not null,
  version text,
  kind text not null check (kind in ('manual', 'daily', 'weekly', 'before-upgrade', 'before-restore')),
  state text not null default 'wanted' check (state in ('wanted', 'running', 'done', 'failed', 'deleted')),
  bytes bigint,
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  -- Why there is none.
  reason text,
  -- What the machine said about that, for whoever runs this.
  error text,
  fails integer not null default 0,
  created_at timestamptz not null default now(),
  done_at timestamptz,
  expires_at timestamptz,
  due_at timestamptz not null default now(),
  lease_until timestamptz,
  epoch bigint not null default 0,
  check (state <> 'done' or (bytes is not null and sha256 is not null and expires_at is not null)),
  check ((reason is not null) = (state = 'failed'))
);
create unique index backups_open on backups (instance_id) where state in ('wanted', 'running');
create index backups_due on backups (due_at) where state in ('wanted', 'running');
create index backups_owner on backups (user_id, created_at);
create index backups_instance on backups (instance_id, created_at);
create index backups_expiry on backups (expires_at) where state = 'done';

-- How often an assistant is backed up by itself. Without a row: only when somebody asks for it.
create table backup_schedules (
  instance_id text primary key references instances (id),
  every text not null check (every in ('daily', 'weekly')),
  due_at timestamptz not null default now()
);
create index backup_schedules_due on backup_schedules (due_at);

-- A backup that takes the place of what an assistant knows. `fresh`: what it knows is not saved first: it was made for this, or its owner said so.
create table restores (
  id text primary key,
  backup_id text not null references backups (id),
  instance_id text not null references instances (id),
  fresh boolean not null default false,
  -- What was saved before.
  before_id text references backups (id),
  state text not null default 'wanted' check (state in ('wanted', 'saving', 'restoring', 'done', 'failed')),
  reason text,
  error text,
  fails integer not null default 0,
  created_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  lease_until timestamptz,
  epoch bigint not null default 0,
  check ((reason is not null) = (state = 'failed'))
);
create unique index restores_open on restores (instance_id) where state in ('wanted', 'saving', 'restoring');
create index restores_due on restores (due_at) where state in ('wanted', 'saving', 'restoring');
create index restores_backup on restores (backup_id);
