-- expected: refused
create function auth.tenant() returns uuid language sql stable as $$ select (auth.jwt() ->> 'tenant')::uuid $$;
