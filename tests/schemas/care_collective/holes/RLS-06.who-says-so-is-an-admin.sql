-- object: bugs_select on public.bug_reports
-- also: RLS-08
alter policy bugs_select on public.bug_reports
using (user_id = (select auth.uid()) or (select auth.jwt() -> 'user_metadata' ->> 'role') = 'admin');
