update pg_collation set collversion = 'an older one' where collversion is not null and collname <> 'default';
create table public.words (id bigint generated always as identity primary key, word text collate "C");
alter table public.words enable row level security;
create index on public.words (word);
