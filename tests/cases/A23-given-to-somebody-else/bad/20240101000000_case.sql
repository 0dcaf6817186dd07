create table public.people (id uuid primary key references auth.users (id) on delete cascade, nick text);
create table public.notes (
    id uuid primary key default gen_random_uuid(), keeper uuid not null references public.people (id) on delete cascade,
    said text not null default '');
create index on public.notes (keeper);
alter table public.people enable row level security;
alter table public.notes enable row level security;
create policy me on public.people for select to authenticated using (id = (select auth.uid()));
create policy look on public.notes for select to authenticated using (keeper = (select auth.uid()));
create function public.is_registered() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.people p where p.id = (select auth.uid()))
$$;
revoke execute on function public.is_registered() from public, anon;
grant execute on function public.is_registered() to authenticated;

create policy edit on public.notes for update to authenticated using (keeper = (select auth.uid()))
    with check ((select public.is_registered()));
