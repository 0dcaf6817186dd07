grant select (id) on public.conversations to authenticated;
