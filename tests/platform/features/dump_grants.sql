create table public.things (id uuid default extensions.uuid_generate_v4() not null);
alter table public.things owner to postgres;
grant usage on schema "public" to "postgres", "anon", "authenticated", "service_role";
grant all on table public.things to "anon", "authenticated", "service_role";
alter default privileges for role "postgres" in schema "public" grant all on sequences to "postgres", "anon", "authenticated", "service_role";
alter default privileges for role "postgres" in schema "public" grant all on tables to "service_role";
alter publication "supabase_realtime" owner to "postgres";
