-- linter: transaction-nesting off
-- expect: MIG-03 line 5 rows of private.stops
begin;
savepoint a;
delete from private.stops where id > 20;
savepoint b;
insert into private.stops (parcel_id, place) values (1, 'b');
rollback to savepoint b /* a */;
commit;
