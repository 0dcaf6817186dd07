-- What new tables and functions are given is said table by table, as in projects since May 2026.
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on functions from anon, authenticated;
alter default privileges for role postgres revoke execute on functions from public;

create table public.gardens (
    id bigint generated always as identity primary key,
    label text not null
);
alter table public.gardens enable row level security;
create policy "everybody sees gardens" on public.gardens for select to anon, authenticated using (true);
grant select on public.gardens to anon, authenticated;
grant all on public.gardens to service_role;
