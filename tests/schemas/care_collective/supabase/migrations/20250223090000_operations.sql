-- What the operators' runbook calls.

create function public.verify_user_registration_system()
returns table (check_name text, status text, details text)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select 'Registration trigger'::text,
        case when exists (
            select 1 from pg_catalog.pg_trigger t
            where t.tgrelid = 'auth.users'::regclass and t.tgname = 'on_auth_user_created' and t.tgenabled in ('O', 'A')
        ) then 'HEALTHY' else 'BROKEN' end,
        'on_auth_user_created on auth.users'::text;
    return query
    select 'Users without a profile'::text,
        case when count(*) = 0 then 'HEALTHY' else 'BROKEN' end,
        count(*)::text
    from auth.users u left join public.profiles p on p.id = u.id where p.id is null;
end
$$;

create function public.verify_rls_security()
returns table (table_name text, has_rls boolean, policy_count bigint, status text)
language sql stable security definer set search_path = ''
as $$
    select t.tablename::text, t.rowsecurity, count(p.policyname),
        case when t.rowsecurity then 'SECURE' else 'VULNERABLE' end
    from pg_catalog.pg_tables t
    left join pg_catalog.pg_policies p on p.schemaname = t.schemaname and p.tablename = t.tablename
    where t.schemaname = 'public'
    group by t.tablename, t.rowsecurity
$$;

create view public.unhealthy_metrics as
select 'Slow queries' as metric, count(*) as count
from pg_stat_activity
where state = 'active' and query_start < now() - interval '30 seconds'
union all
select 'Failed help requests' as metric, count(*) as count
from public.help_requests
where created_at > now() - interval '1 hour' and status is null;

create view public.bug_report_stats as
select status, severity, count(*) as reports from public.bug_reports group by status, severity;

create materialized view public.community_stats as
select
    (select count(*) from public.profiles where verification_status = 'approved') as members,
    (select count(*) from public.help_requests where status = 'open') as open_requests,
    (select count(*) from public.help_requests where status = 'completed') as completed_requests;

grant select on all tables in schema public to service_role;
grant all on all tables in schema public to service_role;
