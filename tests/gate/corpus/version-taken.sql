-- name: 20260101000000_again.sql
-- expect: MIG-02 line 1 version 20260101000000
comment on table private.labels is 'again';
