-- object: *create public.directory: owner-rights view
-- on: runbook
create or replace view public.directory as select id, name, phone from public.profiles;
grant select on public.directory to anon;
