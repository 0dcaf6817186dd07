create extension if not exists hstore with schema extensions;
create table public.attributes (pairs extensions.hstore);
insert into public.attributes values ('a => 1');
