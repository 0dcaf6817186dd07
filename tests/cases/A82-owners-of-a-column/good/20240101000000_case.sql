create table public.essays (
    id uuid primary key default gen_random_uuid(), author_id uuid not null references auth.users (id) on delete cascade,
    reader_id uuid references auth.users (id) on delete set null, body text not null default '');
create index essays_author on public.essays (author_id);
create index essays_reader on public.essays (reader_id);
alter table public.essays enable row level security;
revoke all on public.essays from anon, authenticated;
grant select, update (body) on public.essays to authenticated;
create policy read on public.essays for select to authenticated
    using ((select auth.uid()) in (author_id, reader_id));

create policy edit on public.essays for update to authenticated
    using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
