create table public.scores (person uuid primary key references auth.users on delete cascade, points integer not null);
create table public.works (
    id uuid primary key default gen_random_uuid(), person uuid not null references auth.users on delete cascade, title text
);
create index on public.works (person);
alter table public.scores enable row level security;
alter table public.works enable row level security;
create function public.count_anew() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.scores (person, points)
    select old.person, count(*) from public.works w where w.person = old.person
    having exists (select from auth.users u where u.id = old.person)
    on conflict (person) do update set points = excluded.points;
    return null;
end $$;
revoke execute on function public.count_anew() from public, anon, authenticated;
create trigger count_anew after delete on public.works for each row execute function public.count_anew();
create policy own on public.scores for select to authenticated using (person = (select auth.uid()));
create policy own on public.works for select to authenticated using (person = (select auth.uid()));
