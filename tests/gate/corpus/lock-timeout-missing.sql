-- linter: require-lock-timeout P2
-- expect: MIG-07 line 4 require-lock-timeout: *
comment on table private.labels is 'x';
alter table private.parcels add column extra text;
alter table private.parcels add column more text;
