-- Which configuration was wanted when a backup was asked for: none, when its owner had wished for nothing.
alter table backups add column config_version integer;
alter table backups add foreign key (instance_id, config_version) references configs (instance_id, version);

-- What of those settings did not fit the assistant that was made for a restore: [{ "path": …, "needs": [the variables that it lacks] }].
alter table restores add column left_out jsonb not null default '[]' check (jsonb_typeof(left_out) = 'array');

alter table configs drop constraint configs_origin_check;
alter table configs add constraint configs_origin_check check (origin in ('guided', 'text', 'file', 'rollback', 'restore'));
