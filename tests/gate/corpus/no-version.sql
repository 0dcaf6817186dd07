-- name: labels.sql
-- expect: MIG-02 line 1 no version
comment on table private.labels is 'labels';
