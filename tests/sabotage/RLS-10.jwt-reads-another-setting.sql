-- object: anon: auth.jwt() by json claims
create or replace function auth.jwt() returns jsonb language sql stable as $$
    select nullif(current_setting('request.jwt', true), '')::jsonb
$$;
