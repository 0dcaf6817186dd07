-- object: row level security of table public.messages
alter table public.messages disable row level security;
