-- Verify clinic:people on pg

BEGIN;

SELECT 1;

ROLLBACK;
