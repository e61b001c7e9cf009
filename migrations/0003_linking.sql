-- One account on several platforms, and its end.

-- Names an identity where its platform's own id must not be kept: in buttons, in inputs of the audit log.
alter table identities add column ref uuid not null default gen_random_uuid() unique;

-- A code that one identity made and another one entered. It ends with either of them.
create table link_requests (
  id text primary key,
  code_hash text not null unique check (code_hash ~ '^[0-9a-f]{64}$'),
  maker uuid not null references identities (ref) on delete cascade,
  taker uuid references identities (ref) on delete cascade,
  maker_agreed boolean not null default false,
  taker_agreed boolean not null default false,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  outcome text check (outcome in ('linked', 'declined')),
  check (taker is not null or (outcome is null and not maker_agreed and not taker_agreed)),
  check (outcome is distinct from 'linked' or (maker_agreed and taker_agreed)),
  check (maker <> taker)
);
create index link_requests_maker on link_requests (maker, created_at);
create index link_requests_taker on link_requests (taker);
create index link_requests_age on link_requests (expires_at);

-- Wrong codes are counted by identity, and what an identity did loses its name with it.
create index audit_log_actor on audit_log (actor, id desc);
-- Rows end after a year.
create index audit_log_age on audit_log (at);
