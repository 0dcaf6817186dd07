create table public.pages (title text, fts tsvector generated always as (to_tsvector('english', title)) stored);
create index on public.pages using gin (fts);
