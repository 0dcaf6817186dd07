-- on: gate
-- object: 29990101000000_padded-with-spaces.sql: ban-char-field: *
set lock_timeout = '2s';
alter table public.messages add column language char(2);
