-- expect: MIG-05 line 5 RLS-01 public.crates
-- expect: MIG-05 line 5 *
-- expect: MIG-06 line 5 anon: select public.crates
create table public.crates (id bigint primary key, word text);
grant select on public.crates to anon;
