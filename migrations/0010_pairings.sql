-- Pairing an assistant with WhatsApp: one row per assistant, its last one. The code itself is never here: the gateway makes it, and it lives for
-- some seconds. `key` is the message that shows it.
create table pairings (
  instance_id text primary key references instances (id),
  key text not null unique,
  state text not null check (state in ('preparing', 'showing', 'paired', 'linked', 'over')),
  reason text,
  -- What the gateway said when it could not.
  said text,
  -- Lets go of the phone that is linked now.
  force boolean not null default false,
  codes integer not null default 0,
  fails integer not null default 0,
  expires_at timestamptz not null,
  due_at timestamptz not null default now(),
  lease_until timestamptz,
  epoch bigint not null default 0,
  check ((reason is not null) = (state = 'over'))
);
create index pairings_due on pairings (due_at) where state in ('preparing', 'showing');
