-- object: select on public.message_reports
drop policy reports_select on public.message_reports;
create policy reports_select on public.message_reports for select to authenticated
using ((select public.is_current_user_admin()));
