create table private.old_labels (like private.labels including all);
insert into private.old_labels select * from private.labels where id < 20;
