-- on: gate
set lock_timeout = '2s';
alter table public.messages add column language text;
