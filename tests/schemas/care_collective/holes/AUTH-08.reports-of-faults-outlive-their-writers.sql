-- object: public.bug_reports.user_id
alter table public.bug_reports drop constraint bug_reports_user_id_fkey;
