-- object: prepared transaction 'left; --'
-- set: open_transaction_minutes = 0
-- on: clone
begin;
select txid_current();
prepare transaction 'left; --';
