create table public.households (id uuid primary key default gen_random_uuid(), name text not null default 'ours');
create table public.residents (
    person uuid primary key references auth.users on delete cascade,
    household uuid not null references public.households on delete cascade,
    bed text
);
create index on public.residents (household);
create table public.shopping (
    id bigint generated always as identity primary key,
    household uuid not null references public.households on delete cascade,
    item text not null
);
create index on public.shopping (household);
create function public.settle() returns trigger language plpgsql security definer set search_path = '' as $$
declare
    made uuid;
begin
    insert into public.households default values returning id into made;
    insert into public.residents (person, household) values (new.id, made);
    return new;
end $$;
revoke execute on function public.settle() from public, anon, authenticated;
create trigger settle after insert on auth.users for each row execute function public.settle();
alter table public.households enable row level security;
alter table public.residents enable row level security;
alter table public.shopping enable row level security;
create policy own on public.residents for select to authenticated using (person = (select auth.uid()));
create policy move on public.residents for update to authenticated using (person = (select auth.uid()));
create policy ours on public.households for select to authenticated
    using (id in (select r.household from public.residents r where r.person = (select auth.uid())));
create policy ours on public.shopping for select to authenticated
    using (household in (select r.household from public.residents r where r.person = (select auth.uid())));
