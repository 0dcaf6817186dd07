-- expect: MIG-01 line 4 20270101000000_syntax-error.sql
-- expect: MIG-07 line 4 syntax-error: *
-- unchecked: MIG-05 MIG-06
create tabel private.crates (id bigint primary key);
