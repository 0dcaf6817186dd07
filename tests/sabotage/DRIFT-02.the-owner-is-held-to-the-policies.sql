-- object: forced row level security of table public.messages
alter table public.messages force row level security;
