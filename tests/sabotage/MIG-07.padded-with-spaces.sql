-- on: gate
-- object: 29990101000000_padded-with-spaces.sql: ban-char-field: *
alter table public.messages add column language char(2);
