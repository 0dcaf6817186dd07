-- Revert clinic:portal from pg

BEGIN;

-- Restored from the last backup instead.

COMMIT;
