-- (select ...) around the helper, and the claim read by hand: the same person, once per statement.
alter policy votes_own on public.votes
    using (user_id = (select (pg_catalog.current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid));
