-- The key of visitors, the one of local development, placeholders, and where a secret is kept.
create function private.call() returns text language sql set search_path = '' as $$
select 'Bearer eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAic3VwYWJhc2UiLCAicmVmIjogImFiY2RlZmdoaWprbCIsICJyb2xlIjogImFub24iLCAiaWF0IjogMTcwMDAwMDAwMCwgImV4cCI6IDIwMTUwMDAwMDB9.c2lnbmF0dXJlLW9mLW5vYm9keQ' || 'Bearer eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAic3VwYWJhc2UtZGVtbyIsICJyb2xlIjogInNlcnZpY2Vfcm9sZSIsICJleHAiOiAxOTgzODEyOTk2fQ.c2lnbmF0dXJlLW9mLW5vYm9keQ' || 'postgresql://user:password@localhost/postgres'
    || 'postgresql://postgres:[YOUR-PASSWORD]@db.example.org:5432/postgres' || 'https://example.org:8443/@team'
    || '-----BEGIN PRIVATE KEY-----' || 'eyJhbGciOiJIUzI1NiJ9.eyJub3RoaW5nIGF0IGFsbA.c2lnbmF0dXJlLW9m';
$$;
comment on function private.call() is 'The key is in Vault: vault.decrypted_secrets; password = what the user typed';
alter role authenticated set app.publishable = 'sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH';
