create table public.letters (
    id uuid primary key default gen_random_uuid(), writer uuid not null references auth.users (id) on delete cascade, said text not null default '');
create index on public.letters (writer);
alter table public.letters enable row level security;
create function public.is_mine(letter uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.letters l where l.id = letter and l.writer = (select auth.uid()))
$$;
revoke execute on function public.is_mine(uuid) from public, anon;
grant execute on function public.is_mine(uuid) to authenticated;
create policy write on public.letters for insert to authenticated with check (writer = (select auth.uid()));

create policy look on public.letters for select to authenticated using (writer = (select auth.uid()));
