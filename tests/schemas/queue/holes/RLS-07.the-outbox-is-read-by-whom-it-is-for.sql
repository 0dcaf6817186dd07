-- object: outbox_own on public.outbox
-- Declared to be the server's alone; the grants were waiting for a policy.
create policy outbox_own on public.outbox for select to authenticated using (recipient_id = (select auth.uid()));
