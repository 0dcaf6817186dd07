create extension if not exists ltree with schema extensions;
create table public.categories (path extensions.ltree);
create index on public.categories using gist (path);
insert into public.categories values ('food.fruit');
