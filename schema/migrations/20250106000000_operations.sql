-- What the operators' runbook calls. None of it is for the API's roles: it counts over everybody's rows.

create function public.verify_user_registration_system()
returns table (check_name text, status text, details text)
language sql stable security definer set search_path = ''
begin atomic
    select
        'registration trigger',
        case when count(*) = 1 then 'PASS' else 'FAIL' end,
        count(*) || ' enabled trigger on_auth_user_created on auth.users'
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where (n.nspname, c.relname, t.tgname) = ('auth', 'users', 'on_auth_user_created') and t.tgenabled in ('O', 'A')
    union all
    select
        'users without a profile',
        case when count(*) = 0 then 'PASS' else 'FAIL' end,
        count(*) || ' users'
    from auth.users u
    where not exists (select from public.profiles p where p.id = u.id)
    union all
    select
        'profiles without a user',
        case when count(*) = 0 then 'PASS' else 'FAIL' end,
        count(*) || ' profiles'
    from public.profiles p
    where not exists (select from auth.users u where u.id = p.id);
end;
comment on function public.verify_user_registration_system() is 'Whether signing up creates profiles: PASS or FAIL for each check.';

create function public.verify_rls_security()
returns table (table_name text, has_rls boolean, policy_count integer, status text)
language sql stable security definer set search_path = ''
begin atomic
    select
        c.relname::text,
        c.relrowsecurity,
        count(p.oid)::integer,
        case
            when not c.relrowsecurity then 'FAIL: row level security is off'
            when count(p.oid) = 0 then 'FAIL: no policies'
            else 'PASS'
        end
    from pg_catalog.pg_class c
    left join pg_catalog.pg_policy p on p.polrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    group by c.oid, c.relname, c.relrowsecurity
    order by c.relname;
end;
comment on function public.verify_rls_security() is 'Row level security and the number of policies of every table in public.';

create view public.unhealthy_metrics with (security_invoker = true) as
select 'Slow queries' as metric, count(*) as count
from pg_catalog.pg_stat_activity a
where a.state = 'active' and a.backend_type = 'client backend' and a.query_start < now() - interval '30 seconds'
union all
select 'Failed help requests' as metric, count(*) as count
from public.help_requests r
where r.created_at > now() - interval '1 hour' and r.status is null;
comment on view public.unhealthy_metrics is 'What should be 0: queries running for over 30 seconds, recent requests without a status.';
