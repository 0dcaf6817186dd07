-- expect: MIG-03 line 2 rows of private.labels
delete from private.labels;
