-- Whoever grants a column means that the others stay closed; the grant on the whole table is there, and opens them.
-- expect: MIG-05 line 3 RLS-23 select on public.conversations for authenticated
grant select (id) on public.conversations to authenticated;
