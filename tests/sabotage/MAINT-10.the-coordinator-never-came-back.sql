-- object: prepared transaction 'O''Neil; --'
-- set: prepared_minutes = 0
-- on: clone
begin;
select txid_current();
prepare transaction 'O''Neil; --';
