-- Usage and exports, added later.
create table public.usage_records (
    id bigint generated always as identity primary key,
    user_id uuid not null references auth.users (id),
    tokens integer not null check (tokens >= 0),
    recorded_at timestamp not null default now()
);
create index usage_records_user_id_idx on public.usage_records (user_id);
alter table public.usage_records enable row level security;
grant select on public.usage_records to authenticated;
create policy "people see their usage" on public.usage_records for select to authenticated
    using (user_id = auth.uid());

insert into storage.buckets (id, name, public) values ('exports', 'exports', false) on conflict (id) do nothing;
create policy "exports can be read" on storage.objects for select to authenticated
    using (bucket_id in ('exports', 'documents'));

create function public.get_secret(p_name text) returns text
    language sql stable security definer set search_path = '' as $$
    select s.decrypted_secret from vault.decrypted_secrets s where s.name = p_name
$$;
grant execute on function public.get_secret(text) to authenticated;
