-- object: function private.notify()
-- object: default of public.hooks.address
-- object: comment on table public.hooks
-- object: trigger tell on public.hooks
-- object: settings of role *
-- object: foreign server elsewhere
create function private.notify() returns trigger language plpgsql set search_path = '' as $$
declare header text := 'Bearer eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAic3VwYWJhc2UiLCAicmVmIjogImFiY2RlZmdoaWprbCIsICJyb2xlIjogInNlcnZpY2Vfcm9sZSIsICJpYXQiOiAxNzAwMDAwMDAwLCAiZXhwIjogMjAxNTAwMDAwMH0.c2lnbmF0dXJlLW9mLW5vYm9keQ';
begin
    return new;
end $$;
create table public.hooks (
    id bigint generated always as identity primary key,
    address text default 'postgresql://worker:Tr0ub4dor-3@db.internal:5432/postgres'
);
alter table public.hooks owner to postgres;
alter table public.hooks enable row level security;
comment on table public.hooks is 'the key is sb_secret_N7UND0UgjKTVK-Uodkm0Hg';
create trigger tell after insert on public.hooks for each row
execute function private.notify('https://example.org', 'POST', '{"Authorization":"Bearer eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAic3VwYWJhc2UiLCAicmVmIjogImFiY2RlZmdoaWprbCIsICJyb2xlIjogInNlcnZpY2Vfcm9sZSIsICJpYXQiOiAxNzAwMDAwMDAwLCAiZXhwIjogMjAxNTAwMDAwMH0.c2lnbmF0dXJlLW9mLW5vYm9keQ"}');
alter role authenticated set app.worker = 'host=db.internal dbname=postgres user=w password=Tr0ub4dor-3';
create foreign data wrapper nothing;
create server elsewhere foreign data wrapper nothing options (api_key 'sk-proj-Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3');
