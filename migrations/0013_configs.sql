-- What owners wish of their gateway's configuration, as they wrote it: every version stays, and going back makes a new one. Of the kind that keeps the
-- order in which its settings were written. Never what is ours in it, and never a secret.
create table configs (
  instance_id text not null references instances (id),
  version integer not null check (version > 0),
  document json not null check (json_typeof(document) = 'object'),
  origin text not null check (origin in ('guided', 'text', 'file', 'rollback')),
  -- A few words on it: which setting, or which version it goes back to.
  note text,
  created_at timestamptz not null default now(),
  primary key (instance_id, version)
);

-- The one that is wanted; none as long as nothing was ever wished.
alter table instances add column config_version integer;
alter table instances add foreign key (id, config_version) references configs (instance_id, version);
