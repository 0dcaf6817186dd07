-- object: "Readers see pages" on public.sabotage_pages
-- Whoever a letter was shown to until a day reads its pages ever after; the letter itself asks for the day.
create table public.sabotage_letters (
    id uuid primary key default gen_random_uuid(),
    amount integer not null default 0
);
create table public.sabotage_shown_to (
    letter uuid not null references public.sabotage_letters (id) on delete cascade,
    reader uuid not null references public.profiles (id) on delete cascade,
    until_when timestamptz,
    primary key (letter, reader)
);
create table public.sabotage_pages (
    id uuid primary key default gen_random_uuid(),
    letter uuid not null references public.sabotage_letters (id) on delete cascade,
    amount integer not null default 0
);
create index on public.sabotage_shown_to (reader);
create index on public.sabotage_pages (letter);
alter table public.sabotage_letters enable row level security;
alter table public.sabotage_shown_to enable row level security;
alter table public.sabotage_pages enable row level security;
revoke all on public.sabotage_letters, public.sabotage_shown_to, public.sabotage_pages from anon, authenticated;
grant select on public.sabotage_letters, public.sabotage_shown_to, public.sabotage_pages to authenticated;
create policy "Readers see themselves" on public.sabotage_shown_to for select to authenticated
    using (reader = (select auth.uid()));
create policy "Readers see letters" on public.sabotage_letters for select to authenticated
    using (exists (
        select from public.sabotage_shown_to s
        where s.letter = sabotage_letters.id and s.reader = (select auth.uid())
        and (s.until_when is null or s.until_when > now())));
create policy "Readers see pages" on public.sabotage_pages for select to authenticated
    using (exists (
        select from public.sabotage_shown_to s
        where s.letter = sabotage_pages.letter and s.reader = (select auth.uid())));
insert into public.sabotage_letters (amount) select n from generate_series(1, 4) as n;
insert into public.sabotage_pages (letter, amount) select id, 10 * amount from public.sabotage_letters;
insert into public.sabotage_shown_to (letter, reader, until_when)
select l.id, p.id, now() + interval '3 days' from public.sabotage_letters l cross join public.profiles p;
