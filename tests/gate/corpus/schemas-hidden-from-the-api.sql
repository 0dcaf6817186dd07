-- expect: MIG-05 line 7 RLS-04 *
-- expect: MIG-05 line 7 RLS-07 *
-- expect: MIG-06 line 5 setting pgrst.db_schemas of authenticator
-- expect: MIG-06 line 7 anon: select public.contact_exchanges
alter role authenticator set pgrst.db_schemas = 'nowhere';
grant select on public.contact_exchanges to anon;
create policy "open" on public.contact_exchanges for select to anon using (true);
