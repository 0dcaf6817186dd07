select set_config('request.jwt.claims', '{"sub": "5f6b2ac6-8a34-4f1e-a7f0-9c2df6a10b11", "email": "a@example.org", "role": "authenticated"}', true);
do $$ begin
    if auth.uid() <> '5f6b2ac6-8a34-4f1e-a7f0-9c2df6a10b11' or auth.email() <> 'a@example.org' or auth.role() <> 'authenticated' then
        raise exception 'not who it is';
    end if;
end $$;
