create table public.share_links (
    slug text primary key default md5(random()::text),
    document bigint not null,
    owner_id uuid not null references auth.users on delete cascade,
    expires_at timestamptz
);
create index on public.share_links (owner_id);
alter table public.share_links enable row level security;
create policy own on public.share_links for select to authenticated using (owner_id = (select auth.uid()));
create policy prolong on public.share_links for update to authenticated using (owner_id = (select auth.uid()));
