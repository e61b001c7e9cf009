-- What an assistant holds, whose it is, and that no two assistants listen with one token.

-- Whose a secret is, as its platform said when it was tried: names that anybody sees. Null: nobody was asked, or did not answer.
alter table secret_names add column who jsonb;

-- Two assistants that read one bot's messages take them from each other. Keys of models may be shared.
create unique index secret_names_exclusive on secret_names (fingerprint)
  where name in ('TELEGRAM_BOT_TOKEN', 'DISCORD_BOT_TOKEN', 'SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN');

-- A token on its way to the provider's store, which is asked outside any transaction: whoever comes second is refused before that.
create table secret_claims (
  fingerprint text primary key,
  instance_id text not null,
  expires_at timestamptz not null
);
create index secret_claims_instance on secret_claims (instance_id);

-- Desired state: the channels that are configured, each with the owner's own ids there.
alter table instances add column channels jsonb not null default '[]';
