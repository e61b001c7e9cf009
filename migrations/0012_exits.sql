-- How many unasked ends of its gateway an instance's machine has told of, over the life of its volume, and we have acted on.
alter table instances add column exits_seen integer not null default 0;
