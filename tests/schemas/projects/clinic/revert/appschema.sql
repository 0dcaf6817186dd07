-- Revert clinic:appschema from pg

BEGIN;

-- Restored from the last backup instead.

COMMIT;
