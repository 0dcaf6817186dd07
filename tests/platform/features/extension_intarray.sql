create extension if not exists intarray with schema extensions;
create table public.friend_lists (ids int[]);
create index on public.friend_lists using gin (ids extensions.gin__int_ops);
