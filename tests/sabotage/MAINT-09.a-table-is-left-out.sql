-- object: public.messages
-- object: public.profiles
alter table public.messages set (autovacuum_enabled = off);
alter table public.profiles set (toast.autovacuum_enabled = false);
