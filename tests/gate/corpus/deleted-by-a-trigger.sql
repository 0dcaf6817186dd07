-- expect: MIG-04 line 7 private.shelves (reads all rows of private.labels)
-- expect: MIG-03 line 7 rows of private.labels
create function private.tidy() returns trigger language plpgsql set search_path = '' as $$ begin
    delete from private.labels where id % 2 = 0; return new; end $$;
create trigger tidy after insert on private.shelves for each row execute function private.tidy();
insert into private.labels values (1001, 1, 'a');
insert into private.shelves values (90001, 'a');
drop trigger tidy on private.shelves;
drop function private.tidy();
