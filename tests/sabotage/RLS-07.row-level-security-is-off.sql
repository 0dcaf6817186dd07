-- object: *: select public.conversations
alter table public.conversations disable row level security;
