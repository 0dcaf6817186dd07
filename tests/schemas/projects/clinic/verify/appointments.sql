-- Verify clinic:appointments on pg

BEGIN;

SELECT 1;

ROLLBACK;
