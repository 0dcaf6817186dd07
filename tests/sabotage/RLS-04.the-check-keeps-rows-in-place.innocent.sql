-- The new row must be the caller's, and nobody may change whose a row is: so only one's own rows can be updated.
alter policy "owners and admins change requests" on public.help_requests using (true)
with check ((user_id = (select auth.uid()) and (select private.is_approved())) or (select private.is_admin()));
