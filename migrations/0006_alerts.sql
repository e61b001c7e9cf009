-- Who is told of trouble where, and when.

-- Per assistant. Without a row, or without an address: in the owner's private chat, at once.
create table alert_settings (
  instance_id text primary key references instances (id),
  provider text,
  address text,
  title text,
  -- The owner was told that the place cannot be reached, and why; cleared by the first message that gets through.
  unreachable_at timestamptz,
  unreachable_why text,
  snoozed_until timestamptz,
  check ((provider is null) = (address is null) and (provider is null) = (title is null)),
  check (unreachable_at is null or provider is not null)
);
create index alert_settings_place on alert_settings (provider, address) where provider is not null;
create index alert_settings_snoozed on alert_settings (snoozed_until) where snoozed_until is not null;

-- Per person, in minutes of the day on the clock of users.time_zone.
create table alert_hours (
  user_id text primary key references users (id),
  quiet_from smallint check (quiet_from between 0 and 1439),
  quiet_to smallint check (quiet_to between 0 and 1439),
  digest_at smallint check (digest_at between 0 and 1439),
  digest_due_at timestamptz,
  digested_at timestamptz,
  check ((quiet_from is null) = (quiet_to is null) and quiet_from is distinct from quiet_to or quiet_from is null and quiet_to is null),
  check ((digest_at is null) = (digest_due_at is null) and (digest_at is null) = (digested_at is null))
);
create index alert_hours_digest on alert_hours (digest_due_at) where digest_due_at is not null;

-- Nobody is to be told before; what the chat is owed after it goes ahead. Kept when the time is over: it tells that the message had waited.
alter table outbox add column held_until timestamptz;

-- The slow look at whether an assistant's chats are connected. Claimed like the health checks.
create table channel_checks (
  instance_id text primary key references instances (id),
  url text not null,
  due_at timestamptz not null,
  failures integer not null default 0,
  checked_at timestamptz
);
create index channel_checks_due on channel_checks (due_at);
