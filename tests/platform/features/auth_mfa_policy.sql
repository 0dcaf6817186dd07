create table public.vaults (id int, owner uuid);
alter table public.vaults enable row level security;
create policy "second factor" on public.vaults as restrictive to authenticated using (
    array[(select auth.jwt() ->> 'aal')] <@ (
        select case when count(id) > 0 then array['aal2'] else array['aal1', 'aal2'] end
        from auth.mfa_factors where (select auth.uid()) = user_id and status = 'verified'
    )
);
