-- What was read of how much an instance used, as it was read: totals of counters, the bytes of storage that were full, and for uptime the second
-- in which its machine began. `run` is the life of the counter.
create table meter_readings (
  instance_id text not null references instances (id),
  meter text not null check (meter in ('uptime', 'egress', 'storage', 'messages')),
  run text not null,
  read_at timestamptz not null default now(),
  total bigint not null check (total >= 0),
  primary key (instance_id, meter, read_at)
);

-- What was used in an hour. Rows are only ever added: a correction is a row more, with the difference. `user_id`: whose bill it is on.
create table usage_facts (
  instance_id text not null references instances (id),
  meter text not null check (meter in ('uptime', 'egress', 'storage', 'messages')),
  hour timestamptz not null,
  "row" integer not null check ("row" >= 0),
  amount bigint not null,
  user_id text not null references users (id),
  added_at timestamptz not null default now(),
  primary key (instance_id, meter, hour, "row"),
  check (amount >= 0 or "row" > 0)
);
create index usage_facts_user on usage_facts (user_id, hour);

-- When an instance is read next, and until when its hours are counted.
create table meter_visits (
  instance_id text primary key references instances (id),
  due_at timestamptz not null default now(),
  counted_until timestamptz not null
);
create index meter_visits_due on meter_visits (due_at);
