-- expect: MIG-03 line 4 rows of private.labels
create table private.old_labels (like private.labels including all);
insert into private.old_labels select * from private.labels where id < 20;
delete from private.labels where id < 20;
