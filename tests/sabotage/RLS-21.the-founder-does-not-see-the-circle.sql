-- object: found on public.circles
create table public.circles (id uuid primary key default gen_random_uuid(), title text not null);
create table public.seats (
    circle uuid not null references public.circles (id), sitter uuid not null, primary key (sitter, circle));
create index on public.seats (circle);
alter table public.circles enable row level security;
alter table public.seats enable row level security;
grant select, insert on public.circles to authenticated;
grant select on public.seats to authenticated;
create policy mine on public.seats for select to authenticated using (sitter = (select auth.uid()));
create policy found on public.circles for insert to authenticated
    with check ((select auth.uid()) is not null and title <> '' and (select private.is_approved()));
create policy ours on public.circles for select to authenticated using (exists (
    select from public.seats s where s.circle = circles.id and s.sitter = (select auth.uid())));
