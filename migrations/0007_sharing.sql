-- Instances that others may see or operate from a place that they share with the owner, and what others want that only the owner may allow.

-- `room` is the platform's own id of the place. Whoever is in it has the role, as long as the instance is there.
create table shares (
  id text primary key,
  instance_id text not null references instances (id),
  provider text not null,
  room text not null,
  room_kind text not null check (room_kind in ('topic', 'group', 'channel', 'server', 'workspace')),
  room_title text not null default '',
  role text not null check (role in ('see', 'operate')),
  granted_by uuid references identities (ref) on delete set null,
  created_at timestamptz not null default now(),
  unique (instance_id, provider, room)
);
create index shares_room on shares (provider, room);

-- A wish that waits for the owner. It ends with the identity that has it; `answer_chat` is where that one is told what came of it.
create table approvals (
  id text primary key,
  instance_id text not null references instances (id),
  action text not null check (action in ('destroy')),
  asked_by uuid not null references identities (ref) on delete cascade,
  provider text not null,
  room text not null,
  room_kind text not null,
  room_title text not null default '',
  answer_chat text not null,
  state text not null default 'open' check (state in ('open', 'approved', 'declined', 'withdrawn', 'expired')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create unique index approvals_open on approvals (instance_id, action) where state = 'open';
create index approvals_asker on approvals (asked_by);
create index approvals_age on approvals (expires_at);

-- The shared place that something was asked in.
alter table audit_log add column room text;

-- Jobs that somebody else than the owner asked for are found when that person leaves.
create index instance_events_by on instance_events ((detail ->> 'by')) where (detail ->> 'by') is not null;
