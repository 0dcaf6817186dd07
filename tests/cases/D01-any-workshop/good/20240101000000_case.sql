create table public.talleres (id bigint generated always as identity primary key, nombre text not null);
create table public.socios (
    taller bigint not null references public.talleres on delete cascade,
    persona uuid not null references auth.users on delete cascade,
    cargo text not null default 'oficial' check (cargo in ('oficial', 'maestro')),
    primary key (taller, persona)
);
create index on public.socios (persona);
create table public.presupuestos (
    id bigint generated always as identity primary key,
    taller bigint not null references public.talleres on delete cascade,
    concepto text not null,
    importe numeric(10, 2) not null default 0
);
create index on public.presupuestos (taller);
alter table public.talleres enable row level security;
alter table public.socios enable row level security;
alter table public.presupuestos enable row level security;
create policy ver on public.socios for select to authenticated using (persona = (select auth.uid()));
create policy ver on public.talleres for select to authenticated
    using (id in (select s.taller from public.socios s where s.persona = (select auth.uid())));
create policy ver on public.presupuestos for select to authenticated
    using (taller in (select s.taller from public.socios s where s.persona = (select auth.uid())));
create policy cambiar on public.presupuestos for update to authenticated
    using (taller in (select s.taller from public.socios s where s.persona = (select auth.uid())));
