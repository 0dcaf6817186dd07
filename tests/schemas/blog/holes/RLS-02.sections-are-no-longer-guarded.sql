-- object: public.polls
alter table public.polls disable row level security;
