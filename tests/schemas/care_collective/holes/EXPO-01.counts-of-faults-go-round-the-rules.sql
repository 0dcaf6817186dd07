-- object: public.bug_report_stats
grant select on public.bug_report_stats to authenticated;
