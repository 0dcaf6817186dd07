create or replace function auth.uid() returns uuid language plpgsql stable as $$
begin
    return coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid;
end $$;
