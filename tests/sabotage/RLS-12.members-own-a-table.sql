-- object: authenticated
create table private.notes (id bigint generated always as identity primary key);
alter table private.notes owner to authenticated;
