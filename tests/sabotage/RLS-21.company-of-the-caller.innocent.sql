-- Who may change their own row sees it as all of their circle do: by a function that looks up the circle.
create table public.circles (id bigint generated always as identity primary key, name text not null);
create table public.in_circle (
    user_id uuid primary key references auth.users (id) on delete cascade,
    circle_id bigint not null references public.circles (id), nickname text);
create index on public.in_circle (circle_id);
alter table public.circles enable row level security;
alter table public.in_circle enable row level security;
revoke all on public.circles, public.in_circle from anon, authenticated;
create function private.circle_of_caller() returns bigint language sql stable security definer set search_path = '' as
$$ select c.circle_id from public.in_circle c where c.user_id = (select auth.uid()) $$;
grant execute on function private.circle_of_caller() to authenticated;
grant select, update (nickname) on public.in_circle to authenticated;
create policy circle_reads on public.in_circle for select to authenticated
using (circle_id = (select private.circle_of_caller()));
create policy own_nickname on public.in_circle for update to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
