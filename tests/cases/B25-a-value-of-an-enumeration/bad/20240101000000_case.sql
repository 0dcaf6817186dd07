create type public.list_scope as enum ('private', 'household', 'borrowed', 'gone');
create table public.lists (
    id bigint generated always as identity primary key,
    owner_ref uuid not null references auth.users on delete cascade,
    label text not null,
    scope public.list_scope not null default 'private'
);
create index on public.lists (owner_ref);
alter table public.lists enable row level security;
revoke all on public.lists from anon, authenticated;
grant select on public.lists to authenticated;
create policy "read lists" on public.lists for select to authenticated
    using (owner_ref = (select auth.uid()) or scope = 'borrowed');
