-- expect: MIG-05 line 2 *
create table public.crates (id bigint primary key, word text);
