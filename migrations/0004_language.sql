-- The language that a person is talked to in: what their program said at first, and then what they chose. Null: not known, so English.
alter table users add column language text check (language in ('en', 'de'));
