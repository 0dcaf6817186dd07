-- migrate:up transaction:false
create table public.positions_2026 partition of public.positions for values from ('2026-01-01') to ('2027-01-01');
grant select on public.positions_2026 to authenticated;
grant update (is_dispatcher, licence) on public.drivers to authenticated;
create policy drivers_edit on public.drivers for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create index trips_vehicle_id_idx1 on public.trips (vehicle_id);

-- migrate:down
drop table public.positions_2026;
