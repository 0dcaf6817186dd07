-- on: gate
comment on table public.messages is 'later';
