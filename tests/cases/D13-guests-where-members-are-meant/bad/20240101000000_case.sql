create table public.walks (id uuid primary key default gen_random_uuid(),
    person uuid not null references auth.users on delete cascade, place text not null);
create index on public.walks (person);
alter table public.walks enable row level security;
create table public.chats (id uuid primary key default gen_random_uuid(),
    person uuid not null references auth.users on delete cascade, phrase text not null);
create index on public.chats (person);
alter table public.chats enable row level security;
create table public.seats (id uuid primary key default gen_random_uuid(),
    person uuid not null references auth.users on delete cascade, remark text not null);
create index on public.seats (person);
alter table public.seats enable row level security;
create table public.baskets (id uuid primary key default gen_random_uuid(),
    person uuid not null references auth.users on delete cascade, item text not null);
create index on public.baskets (person);
alter table public.baskets enable row level security;
create table public.boards (id uuid primary key default gen_random_uuid(),
    person uuid not null references auth.users on delete cascade, headline text not null);
create index on public.boards (person);
alter table public.boards enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select, insert on all tables in schema public to authenticated;
create function public.is_member() returns boolean language sql stable set search_path = '' as $$
    select auth.uid() is not null and coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false) is false $$;
create policy own on public.baskets for select to authenticated using (person = (select auth.uid()));
create policy add on public.baskets for insert to authenticated with check (person = (select auth.uid()));
create policy look on public.boards for select to authenticated using (headline <> '');
create policy own on public.boards for select to authenticated using (person = (select auth.uid()));
create policy add on public.boards for insert to authenticated
    with check (person = (select auth.uid()) and (select public.is_member()));
create policy look on public.walks for select to authenticated using ((select public.is_member()));
create policy own on public.chats for select to authenticated using (person = (select auth.uid()));
create policy look on public.chats for select to authenticated using ((select public.is_member()));
create policy add on public.chats for insert to authenticated
    with check (person = (select auth.uid()) and (select public.is_member()));
create policy members on public.seats as restrictive for select to authenticated
    using (((select auth.jwt()) ->> 'is_anonymous')::boolean is not true);
create policy look on public.seats for select to authenticated using (person = (select auth.uid()));
create policy host on public.walks for insert to authenticated with check (person = (select auth.uid()));
create policy offer on public.seats for insert to authenticated with check (person = (select auth.uid()));
create policy skim on public.chats for select to authenticated using (phrase <> '');
