create table public.studios (id uuid primary key default gen_random_uuid(), name text not null);
create table public.potters (studio_id uuid not null references public.studios on delete cascade,
    user_id uuid not null references auth.users on delete cascade, primary key (studio_id, user_id));
create index on public.potters (user_id);
create table public.kilns (id uuid primary key default gen_random_uuid(),
    studio_id uuid not null references public.studios on delete cascade, remark text not null);
create index on public.kilns (studio_id);
create table public.glazes (id uuid primary key default gen_random_uuid(),
    studio_id uuid not null references public.studios on delete cascade, recipe text not null);
create index on public.glazes (studio_id);
create table public.openings (id uuid primary key default gen_random_uuid(),
    studio_id uuid not null references public.studios on delete cascade, day date not null, door_code text);
create index on public.openings (studio_id);
alter table public.studios enable row level security;
alter table public.potters enable row level security;
alter table public.kilns enable row level security;
alter table public.glazes enable row level security;
alter table public.openings enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant select on public.openings to anon;
grant update (remark) on public.kilns to authenticated;
create policy own on public.potters for select to authenticated using (user_id = (select auth.uid()));
create policy ours on public.studios for select to authenticated using (exists (
    select from public.potters p where p.studio_id = studios.id and p.user_id = (select auth.uid())));
create policy change on public.kilns for update to authenticated using (exists (
    select from public.potters p where p.studio_id = kilns.studio_id and p.user_id = (select auth.uid())));
create policy ours on public.openings for select to authenticated using (exists (
    select from public.potters p where p.studio_id = openings.studio_id and p.user_id = (select auth.uid())));
create policy ours on public.kilns for select to authenticated using (exists (
    select from public.potters p where p.studio_id = kilns.studio_id and p.user_id = (select auth.uid())));
create function public.works_in(studio uuid) returns boolean language sql stable set search_path = '' as $$
    select exists (select from public.potters p where p.studio_id = studio and p.user_id = (select auth.uid())) $$;
create policy ours on public.glazes for select to authenticated using (public.works_in(studio_id));
create policy listen on realtime.messages for select to authenticated using (exists (
    select from public.potters p where 'studio:' || p.studio_id = (select realtime.topic()) and p.user_id = (select auth.uid())));
create policy speak on realtime.messages for insert to authenticated with check (exists (
    select from public.potters p where 'studio:' || p.studio_id = (select realtime.topic()) and p.user_id = (select auth.uid())));
