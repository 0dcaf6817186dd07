-- It changes nothing that was not so.
grant usage on schema public to authenticated;
alter table public.messages enable row level security;
