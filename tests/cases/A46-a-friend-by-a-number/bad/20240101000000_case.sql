create table public.people (
    id uuid primary key references auth.users on delete cascade, number integer not null unique
);
create table public.friendships (
    id uuid primary key default gen_random_uuid(), person uuid not null references public.people on delete cascade,
    number integer not null references public.people (number) on delete cascade, unique (person, number)
);
create index on public.friendships (number);
alter table public.people enable row level security;
alter table public.friendships enable row level security;
create policy own on public.people for select to authenticated using (id = (select auth.uid()));
create policy own on public.friendships for select to authenticated using (person = (select auth.uid()));
create function public.end_friendship(p_person uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare mine integer := (select p.number from public.people p where p.id = (select auth.uid()));
begin
    delete from public.friendships f where f.person = p_person;
end $$;
revoke execute on function public.end_friendship(uuid) from public, anon;
