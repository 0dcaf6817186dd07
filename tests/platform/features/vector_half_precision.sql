create extension vector with schema extensions;
create table public.faces (id int, v extensions.halfvec(4));
insert into public.faces values (1, '[1,2,3,4]');
create index on public.faces using hnsw (v extensions.halfvec_l2_ops);
