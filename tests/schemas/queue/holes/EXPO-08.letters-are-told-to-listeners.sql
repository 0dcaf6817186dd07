-- object: public.outbox
alter publication supabase_realtime add table public.outbox;
