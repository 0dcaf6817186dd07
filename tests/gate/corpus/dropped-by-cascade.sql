-- expect: MIG-03 line 6 table private.parcels
-- expect: MIG-07 line 6 ban-drop-table: *
-- expect: MIG-07 line 6 dropped-by-cascade: constraint stops_parcel_id_fkey of private.stops
-- expect: MIG-07 line 6 dropped-by-cascade: materialized view private.totals
-- expect: MIG-07 line 6 used-in-function: function private.parcels_of(member uuid) uses table private.parcels
drop table private.parcels cascade;
