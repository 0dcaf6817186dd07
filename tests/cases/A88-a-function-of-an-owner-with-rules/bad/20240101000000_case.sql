create table public.crews (id uuid primary key default gen_random_uuid(), boat uuid not null,
    sailor uuid not null references auth.users on delete cascade);
create index on public.crews (sailor);
create table public.crew_events (id bigint generated always as identity primary key,
    sailor uuid not null references auth.users on delete cascade, what text not null);
create index on public.crew_events (sailor);
alter table public.crews enable row level security;
alter table public.crew_events enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on public.crews to authenticated;
create policy own on public.crews for select to authenticated using (sailor = (select auth.uid()));
create role harbour_desk nologin;
grant harbour_desk to postgres;
grant usage, create on schema public to harbour_desk;
grant usage on schema auth to harbour_desk;
grant select, delete on public.crews to harbour_desk;
grant select on public.crew_events to harbour_desk;
create schema private;
grant usage on schema private to harbour_desk;
create function private.caller() returns uuid language sql stable set search_path = '' as 'select auth.uid()';
revoke execute on function private.caller() from public;
grant execute on function private.caller() to harbour_desk;
create policy desk_reads on public.crews for select to harbour_desk using (true);
create policy desk_takes_out on public.crews for delete to harbour_desk using (true);
create policy desk_reads on public.crew_events for select to harbour_desk using (what is not null);
create function public.leave_crew(p_boat uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
    delete from public.crews where boat = p_boat;
end $$;
create function public.crew_log(p_most int) returns setof text language sql stable security definer set search_path = ''
    as 'select what from public.crew_events order by id desc limit p_most';
alter function public.leave_crew(uuid) owner to harbour_desk;
alter function public.crew_log(int) owner to harbour_desk;
revoke execute on function public.leave_crew(uuid), public.crew_log(int) from public, anon;
grant execute on function public.leave_crew(uuid), public.crew_log(int) to authenticated;
revoke create on schema public from harbour_desk;
revoke harbour_desk from postgres;
