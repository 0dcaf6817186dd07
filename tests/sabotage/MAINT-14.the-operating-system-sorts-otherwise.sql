-- object: collation *
set role postgres;
create table public.words (id bigint generated always as identity primary key, word text);
alter table public.words enable row level security;
reset role;
do $$
declare chosen oid;
begin
    select c.oid into strict chosen from pg_collation c
    where c.collversion is not null and c.collencoding in (-1, 6) and c.collversion = pg_collation_actual_version(c.oid)
    order by c.oid limit 1;
    execute format('create index on public.words (word collate %s)', chosen::regcollation);
    update pg_collation set collversion = 'an older one' where oid = chosen;
end $$;
