-- expect: MIG-03 line 3 sequence private.stops_id_seq
-- expect: MIG-05 line 3 MAINT-13 private.stops_id_seq
alter table private.stops alter column id restart with 7;
