-- expect: MIG-03 line 3 table private.labels
-- expect: MIG-07 line 3 ban-drop-table: *
drop table private.labels;
