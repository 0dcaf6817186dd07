-- linter: require-lock-timeout P2
set lock_timeout = '2s';
alter table private.parcels add column extra text;
