-- live: private.shelves 0
-- expect: MIG-07 line 3 ban-drop-table: *
drop table private.shelves;
