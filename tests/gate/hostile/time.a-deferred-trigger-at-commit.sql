-- expected: ended
-- H1
create function public.never() returns trigger language plpgsql as 'begin loop null; end loop; end';
create table private.late (id integer primary key);
create constraint trigger late after insert on private.late deferrable initially deferred for each row execute function public.never();
insert into private.late values (1);
