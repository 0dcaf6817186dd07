-- Verify clinic:portal on pg

BEGIN;

SELECT 1;

ROLLBACK;
