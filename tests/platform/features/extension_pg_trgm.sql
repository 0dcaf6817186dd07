create extension if not exists pg_trgm;
alter extension pg_trgm set schema extensions;
create table public.streets (name text);
create index streets_name_idx on public.streets using gin (name extensions.gin_trgm_ops);
