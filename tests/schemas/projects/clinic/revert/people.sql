-- Revert clinic:people from pg

BEGIN;

-- Restored from the last backup instead.

COMMIT;
