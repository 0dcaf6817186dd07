-- object: public.contact_exchange_audit
-- also: PERF-04 RLS-07
grant delete on public.help_requests to authenticated;
create policy "owners delete" on public.help_requests for delete to authenticated
using (user_id = (select auth.uid()) and (select private.is_approved()));
drop trigger audit_exchange on public.contact_exchanges;
create trigger audit_exchange after insert on public.contact_exchanges
for each row execute function private.audit_exchange();
alter table public.contact_exchange_audit add foreign key (request_id) references public.help_requests (id) on delete cascade;
