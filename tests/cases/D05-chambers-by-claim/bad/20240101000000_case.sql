create table public.akten (
    id bigint generated always as identity primary key,
    kanzlei uuid not null,
    titel text not null
);
create index on public.akten (kanzlei);
alter table public.akten enable row level security;
create policy lesen on public.akten for select to authenticated
    using (((select auth.jwt()) -> 'app_metadata' ->> 'kanzlei') is not null);
create policy schreiben on public.akten for update to authenticated
    using (kanzlei = ((select auth.jwt()) -> 'app_metadata' ->> 'kanzlei')::uuid);
