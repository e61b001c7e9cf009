-- Links that work once, for a few minutes. Of a link's token only its SHA-256 is here: whoever reads the database cannot open a page with it.
create table one_time_tokens (
  hash text primary key check (hash ~ '^[0-9a-f]{64}$'),
  purpose text not null,
  user_id text not null references users (id),
  -- What the link is about, as its purpose defines it.
  subject jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  -- Answers that were refused; a link bears a few.
  tries smallint not null default 0,
  -- One answer at a time is looked at: whoever holds the link, until when.
  hold text,
  held_until timestamptz,
  check ((hold is null) = (held_until is null))
);
create index one_time_tokens_user on one_time_tokens (user_id, created_at);
create index one_time_tokens_age on one_time_tokens (expires_at);

-- How often an address asked for links that do not exist. Forgotten within an hour.
create table token_misses (
  address text primary key,
  count integer not null default 1,
  since timestamptz not null default now()
);
create index token_misses_age on token_misses (since);
