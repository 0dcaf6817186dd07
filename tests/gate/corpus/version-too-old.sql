-- name: 20240101000000_late.sql
-- expect: MIG-02 line 1 version 20240101000000
comment on table private.labels is 'late';
