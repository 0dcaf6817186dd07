create table public.demandes (
    id bigint generated always as identity primary key,
    auteur uuid not null references auth.users on delete cascade,
    objet text not null,
    responsable uuid references auth.users on delete set null
);
create index on public.demandes (auteur);
create index on public.demandes (responsable);
alter table public.demandes enable row level security;
revoke all on public.demandes from anon, authenticated;
grant select on public.demandes to authenticated;
create policy "read demandes" on public.demandes for select to authenticated
    using (auteur = (select auth.uid()) or responsable is null);
