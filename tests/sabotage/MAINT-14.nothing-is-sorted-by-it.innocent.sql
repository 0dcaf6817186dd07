update pg_collation set collversion = 'an older one' where collversion is not null and collname <> 'default';
set role postgres;
create table public.words (id bigint generated always as identity primary key, word text collate "C");
alter table public.words enable row level security;
reset role;
create index on public.words (word);
