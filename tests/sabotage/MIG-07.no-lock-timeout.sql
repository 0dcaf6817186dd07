-- Whoever asks for a lock is waited for by all who come after.
-- on: gate
-- object: 29990101000000_no-lock-timeout.sql: require-lock-timeout: alter table public messages add column language text
alter table public.messages add column language text;
