-- object: guest: select public.message_reports
-- object: pending: select public.message_reports
-- object: rejected: select public.message_reports
-- object: alice: select public.message_reports
-- object: bob: select public.message_reports
-- object: stranger: select public.message_reports
drop policy reports_select on public.message_reports;
create policy reports_select on public.message_reports for select to authenticated
using ((select public.is_current_user_admin()));
