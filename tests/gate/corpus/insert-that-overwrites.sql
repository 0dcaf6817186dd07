-- expect: MIG-03 line 2 values of private.parcels.label
insert into private.parcels (id, code, label) select id, code, 'same' from private.parcels
on conflict (id) do update set label = excluded.label;
