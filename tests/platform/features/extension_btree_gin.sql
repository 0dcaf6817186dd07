create extension if not exists btree_gin with schema extensions;
create table public.facets (kind int, tags text[]);
create index on public.facets using gin (kind, tags);
