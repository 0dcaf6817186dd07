-- A lending library. The API's roles are given what they need, table by table.
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke execute on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;

create table public.patrons (
    id uuid primary key references auth.users (id) on delete cascade,
    card_number text not null unique default upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 12)),
    display_name text,
    is_librarian boolean not null default false,
    blocked_until date
);

create table public.works (
    id bigint generated always as identity primary key,
    isbn text unique check (isbn ~ '^[0-9]{9}[0-9X]$|^[0-9]{13}$'),
    title text not null,
    published smallint
);

create table public.copies (
    id bigint generated always as identity primary key,
    work_id bigint not null references public.works (id) on delete cascade,
    shelf text not null,
    state text not null default 'in' check (state in ('in', 'out', 'lost'))
);
create index copies_work_id_idx on public.copies (work_id);

alter table public.patrons enable row level security;
alter table public.works enable row level security;
alter table public.copies enable row level security;

grant select on public.works, public.copies to anon, authenticated;
create policy works_for_all on public.works for select to anon, authenticated using (true);
create policy copies_for_all on public.copies for select to anon, authenticated using (true);

grant select on public.patrons to authenticated;
grant update (display_name) on public.patrons to authenticated;
create policy patrons_own on public.patrons for select to authenticated using (id = (select auth.uid()));
create policy patrons_rename on public.patrons for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
