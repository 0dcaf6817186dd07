create function private.address(name text, secret text) returns text language sql immutable set search_path = '' as $$
select format('postgresql://%s:%s@db.internal/postgres', name, secret)
    || 'host=db.internal dbname=postgres user=' || name || ' password=' || secret;
$$;
create table public.links (
    id bigint generated always as identity primary key,
    address text check (address ~ '^https?://[^:@/]+(:[0-9]+)?/' and address not like '%://%:%@%'));
alter table public.links enable row level security;
