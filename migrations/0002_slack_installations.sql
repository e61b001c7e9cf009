-- Workspaces that added the Slack app: their tokens, encrypted by the adapter with a key that is not in the database.
-- `tenant` is the id of the workspace (T…), or of the organisation (E…) when the app was added for all of it.

create table slack_installations (
  tenant text primary key,
  sealed text not null,
  installed_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
