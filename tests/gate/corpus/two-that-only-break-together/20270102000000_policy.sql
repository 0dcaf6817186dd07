-- expect: MIG-05 line 3 *
-- expect: MIG-06 line 3 anon: select public.contact_exchange_audit
create policy "the trail is open" on public.contact_exchange_audit for select to anon using (id > 0 or id <= 0);
