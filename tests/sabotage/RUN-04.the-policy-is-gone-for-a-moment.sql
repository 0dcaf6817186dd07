-- object: *drop policy requesters confirm: gap
-- on: runbook
drop policy if exists "requesters confirm" on contact_exchanges;
create policy "requesters confirm" on contact_exchanges for update to authenticated
using (requester_id = (select auth.uid())) with check (requester_id = (select auth.uid()));
