-- on: runbook
select id from help_requests where status = 'open'
order by case urgency when 'critical' then 3 when 'urgent' then 2 else 1 end desc;
select relname, indexrelname, idx_scan from pg_stat_user_indexes;
