-- The code in a person's links for inviting others. It stays: links live on in old messages.
create table referral_codes (
  code text primary key check (code ~ '^[a-z0-9]{8}$'),
  user_id text not null references users (id) on delete cascade
);
create index referral_codes_user on referral_codes (user_id);

-- By whose link somebody came: once, when they are new.
create table referrals (
  user_id text primary key references users (id) on delete cascade,
  referrer_id text not null references users (id) on delete cascade,
  came_at timestamptz not null default now(),
  check (user_id <> referrer_id)
);
create index referrals_referrer on referrals (referrer_id);
