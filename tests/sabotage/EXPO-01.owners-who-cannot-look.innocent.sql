-- A view with the caller's rights keeps to them inside its owner's view.
set role postgres;
create view private.names with (security_invoker = true) as select p.id, p.name from public.profiles p;
create view public.names as select n.* from private.names n;
grant select on public.names to authenticated;
reset role;
-- Row level security is forced on its owner, too.
create role craftsman;
grant usage on schema public to craftsman;
create table public.tools (id integer primary key);
alter table public.tools owner to craftsman;
alter table public.tools enable row level security, force row level security;
create view public.tool_list as select t.id from public.tools t;
alter view public.tool_list owner to craftsman;
-- The owner goes round row level security, and may not read the table at all.
create role outsider bypassrls;
create view public.refused as select m.id from public.messages m;
alter view public.refused owner to outsider;
grant select on public.tool_list, public.refused to authenticated;
