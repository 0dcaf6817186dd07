-- expect: MIG-05 line 2 RLS-23 select on public.conversations for authenticated
grant select (id) on public.conversations to authenticated;
