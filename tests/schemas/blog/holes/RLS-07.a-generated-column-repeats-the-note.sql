-- object: select (hidden_note) on public.authors
-- The note is not to be read; a column made from it is.
alter table public.authors add column about text generated always as (lower(hidden_note)) stored;
grant select (about) on public.authors to anon, authenticated;
