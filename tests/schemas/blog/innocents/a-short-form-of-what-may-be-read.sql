-- A generated column of one that everybody reads.
alter table public.authors add column shown_as text generated always as (upper(handle)) stored;
grant select (shown_as) on public.authors to anon, authenticated;
