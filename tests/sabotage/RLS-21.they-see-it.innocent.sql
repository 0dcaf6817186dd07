-- also: PERF-10
create table public.circles (id uuid primary key default gen_random_uuid(), founder uuid, deleted_at timestamptz);
create table public.seats (
    circle uuid not null references public.circles (id), sitter uuid not null, primary key (sitter, circle));
create index on public.seats (circle);
create index on public.circles (founder);
alter table public.circles enable row level security;
alter table public.seats enable row level security;
grant select, insert, update, delete on public.circles to authenticated;
grant select, delete on public.seats to authenticated;
create policy mine on public.seats to authenticated using (sitter = (select auth.uid()));
create policy admins on public.seats for delete to authenticated using ((select private.is_admin()));
create policy found on public.circles for insert to authenticated with check (founder = (select auth.uid()));
create policy change on public.circles for update to authenticated
    using (founder = (select auth.uid())) with check (founder = (select auth.uid()));
create policy nobody on public.circles for delete to authenticated using (false);
create policy ours on public.circles for select to authenticated
using (deleted_at is null and (founder = (select auth.uid()) or exists (
    select from public.seats s where s.circle = circles.id and s.sitter = (select auth.uid()))));
