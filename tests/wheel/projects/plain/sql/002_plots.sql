create table public.plots (
    id bigint generated always as identity primary key,
    garden_id bigint not null references public.gardens (id) on delete cascade,
    gardener_id uuid not null references auth.users (id) on delete cascade,
    square_metres integer not null check (square_metres > 0)
);
create index plots_garden_id_idx on public.plots (garden_id);
-- Planted: there is no index for gardener_id, which refers to auth.users.
alter table public.plots enable row level security;
create policy "gardeners see their plots" on public.plots for select to authenticated
    using (gardener_id = (select auth.uid()));
grant select on public.plots to authenticated;
grant all on public.plots to service_role;
