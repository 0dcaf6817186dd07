-- Revert clinic:notes from pg

BEGIN;

-- Restored from the last backup instead.

COMMIT;
