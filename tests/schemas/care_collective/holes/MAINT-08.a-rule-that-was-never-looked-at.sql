-- object: no_shouting on public.help_requests
alter table public.help_requests add constraint no_shouting check (title <> upper(title)) not valid;
