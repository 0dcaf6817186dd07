-- linter: transaction-nesting off
begin;
savepoint a;
delete from private.stops where id > 20;
savepoint b;
rollback to savepoint a /* b */;
commit;
