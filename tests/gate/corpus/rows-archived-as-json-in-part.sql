-- expect: MIG-03 line 4 rows of private.labels
create table private.old_labels (id bigint generated always as identity primary key, doc jsonb not null);
insert into private.old_labels (doc) select to_jsonb(l) - 'word' from private.labels l where id < 20;
delete from private.labels where id < 20;
