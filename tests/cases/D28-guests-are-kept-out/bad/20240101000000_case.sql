create table public.taking_part (
    person uuid primary key references auth.users on delete cascade,
    post text not null default 'visitor' check (post in ('visitor', 'desk'))
);
create table public.letters (
    id uuid primary key default gen_random_uuid(), words text not null,
    sender uuid not null default auth.uid() references auth.users on delete cascade,
    recipient uuid not null references auth.users on delete cascade
);
create index on public.letters (sender);
create index on public.letters (recipient);
alter table public.taking_part enable row level security;
alter table public.letters enable row level security;
create policy seen on public.taking_part for select to authenticated using (
    not coalesce((select auth.jwt() ->> 'is_anonymous')::boolean, false));
create policy written on public.letters for insert to authenticated with check (
    not coalesce((select auth.jwt() ->> 'is_anonymous')::boolean, false) and sender = (select auth.uid())
    and exists (select from public.taking_part t where t.person = letters.recipient and t.post = 'desk'));
create policy seen on public.letters for select to authenticated using (
    not coalesce((select auth.jwt() ->> 'is_anonymous')::boolean, false)
    and exists (select from public.taking_part t where t.person = (select auth.uid())));
