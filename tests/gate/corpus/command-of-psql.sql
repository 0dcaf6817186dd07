-- expect: MIG-01 line 4 20270101000000_command-of-psql.sql
-- unchecked: MIG-05 MIG-06
comment on table private.labels is 'labels';
\i other.sql
