-- object: anon: auth.role() by json claims
create or replace function auth.role() returns text language sql stable as $$ select 'authenticated' $$;
