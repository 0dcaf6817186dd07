-- Verify clinic:notes on pg

BEGIN;

SELECT 1;

ROLLBACK;
