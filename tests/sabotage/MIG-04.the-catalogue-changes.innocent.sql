-- Locks that stop everybody, for the moment that the catalogue takes.
-- on: gate
set lock_timeout = '2s';
alter table public.messages add column edited boolean not null default false;
alter table public.messages alter column edited set default true;
