grant truncate, references, trigger on public.help_requests to service_role;
grant truncate on public.messages to postgres;
create table private.scratch (id integer primary key);
grant all on private.scratch to authenticated;
grant create on schema private to authenticated;
grant all on storage.objects to anon, authenticated;
