-- What the server writes into the token may be trusted; here it lets nobody in who was not in before.
create policy notices_staff on public.notices for update to authenticated
    using ((select auth.jwt()) -> 'app_metadata' ->> 'role' = 'staff')
    with check ((select auth.jwt()) -> 'app_metadata' ->> 'role' = 'staff');
