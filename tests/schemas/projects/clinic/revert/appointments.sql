-- Revert clinic:appointments from pg

BEGIN;

-- Restored from the last backup instead.

COMMIT;
