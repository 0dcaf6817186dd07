-- object: admin: delete from public.audit_logs
-- object: alice: delete from public.audit_logs
-- object: bob: delete from public.audit_logs
-- object: stranger: delete from public.audit_logs
-- also: RLS-07
grant delete on public.audit_logs to authenticated;
create policy audit_logs_delete on public.audit_logs for delete to authenticated
using ((select public.is_current_user_approved()));
