-- object: lookup on public.invites
-- object: shared on public.papers
-- object: guests on public.papers
-- object: "whoever has a ticket" on public.tickets
create table public.invites (
    id bigint generated always as identity primary key, code text, guest_address text, sent_by uuid not null, used_at timestamptz);
create table public.papers (id bigint generated always as identity primary key, owner uuid, words text);
create table public.shares (paper bigint not null references public.papers, token text);
create table public.tickets (id bigint generated always as identity primary key, admission uuid unique default gen_random_uuid(), holder uuid);
create index on public.invites (sent_by);
create index on public.papers (owner);
create index on public.tickets (holder);
alter table public.invites enable row level security;
alter table public.papers enable row level security;
alter table public.shares enable row level security;
alter table public.tickets enable row level security;
alter table public.shares add primary key (paper);
grant select on public.invites, public.papers, public.tickets to anon, authenticated;
grant select on public.shares to authenticated;
create policy seen on public.shares for select to authenticated using (token = (select auth.uid())::text);
create index on public.shares (token);
create policy lookup on public.invites for select to anon, authenticated using (code is not null and used_at is null);
create policy shared on public.papers for select to authenticated using (exists (
    select from public.shares s where s.paper = papers.id and s.token is not null));
create policy guests on public.papers for select to anon using (owner is not distinct from (select auth.uid()));
create policy "whoever has a ticket" on public.tickets for select to authenticated
    using (holder = (select auth.uid()) or admission is not null);
