create table public.sitters (
    id uuid primary key references auth.users on delete cascade,
    headline text not null,
    phone text,
    is_visible boolean not null default true
);
revoke select on public.sitters from anon;
grant select (id, headline, is_visible) on public.sitters to anon;
alter table public.sitters enable row level security;
create policy visible on public.sitters for select to anon using (is_visible);
create policy own on public.sitters for select to authenticated using (id = (select auth.uid()));
create policy edit on public.sitters for update to authenticated using (id = (select auth.uid()));
