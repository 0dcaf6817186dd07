create table public.memos (
    id bigint generated always as identity primary key,
    author_id uuid not null references auth.users on delete cascade,
    body text not null,
    audience text not null default 'me'
);
create index on public.memos (author_id);
alter table public.memos enable row level security;
revoke all on public.memos from anon, authenticated;
grant select on public.memos to authenticated;
create policy "read memos" on public.memos for select to authenticated
    using (author_id = (select auth.uid()) or audience = 'whole-house');
