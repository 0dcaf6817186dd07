-- pg_cron: jobs are rows of cron.job; none is ever run.
-- Sources: https://supabase.com/docs/guides/cron
--          https://github.com/citusdata/pg_cron

create schema cron;
create sequence cron.jobid_seq;
create table cron.job (
    jobid bigint primary key default nextval('cron.jobid_seq'),
    schedule text not null,
    command text not null,
    nodename text not null default 'localhost',
    nodeport integer not null default 5432,
    database text not null default current_database(),
    username text not null default current_user,
    active boolean not null default true,
    jobname text,
    constraint jobname_username_uniq unique (jobname, username)
);
alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);
create sequence cron.runid_seq;
create table cron.job_run_details (
    jobid bigint,
    runid bigint primary key default nextval('cron.runid_seq'),
    job_pid integer,
    database text,
    username text,
    command text,
    status text,
    return_message text,
    start_time timestamptz,
    end_time timestamptz
);
alter table cron.job_run_details enable row level security;
create policy cron_job_run_details_policy on cron.job_run_details using (username = current_user);

-- Called by postgres only, for itself; a job of the same name and user is replaced.
create function cron._schedule(job_name text, schedule text, command text, database text, username text, active boolean)
    returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    id bigint;
begin
    if schedule is null or command is null then
        raise exception 'a job needs a schedule and a command' using errcode = 'null_value_not_allowed';
    end if;
    if schedule !~* '^\s*(@(yearly|annually|monthly|weekly|daily|midnight|hourly|reboot)|[1-5]?[0-9]\s+seconds?|(\S+\s+){4}\S+)\s*$'
    then
        raise exception 'invalid schedule: %', schedule
            using errcode = 'invalid_parameter_value', hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
    end if;
    insert into cron.job as j (schedule, command, database, username, active, jobname)
    values (schedule, command, database, username, active, job_name)
    on conflict on constraint jobname_username_uniq do update
        set schedule = excluded.schedule, command = excluded.command, database = excluded.database,
            active = excluded.active
    returning j.jobid into id;
    return id;
end
$$;
revoke all on function cron._schedule(text, text, text, text, text, boolean) from public;

create function cron._remove(id bigint, job_name text, caller text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from cron.job j where (j.jobid = id or j.jobname = job_name) and j.username = caller;
    if not found then
        raise exception 'could not find valid entry for job ''%''', coalesce(job_name, id::pg_catalog.text);
    end if;
    return true;
end
$$;
revoke all on function cron._remove(bigint, text, text) from public;
grant execute on function cron._schedule(text, text, text, text, text, boolean), cron._remove(bigint, text, text) to postgres;

create function cron.schedule(schedule text, command text) returns bigint language sql volatile set search_path = '' as $$
    select cron._schedule(null, schedule, command, pg_catalog.current_database(), current_user, true)
$$;
create function cron.schedule(job_name text, schedule text, command text) returns bigint
    language sql volatile set search_path = '' as $$
    select cron._schedule(job_name, schedule, command, pg_catalog.current_database(), current_user, true)
$$;
create function cron.schedule_in_database(
    job_name text, schedule text, command text, database text, username text default null, active boolean default true
) returns bigint language sql volatile set search_path = '' as $$
    select cron._schedule(job_name, schedule, command, database, current_user, active)
$$;
create function cron.unschedule(job_id bigint) returns boolean language sql volatile set search_path = '' as $$
    select cron._remove(job_id, null, current_user)
$$;
create function cron.unschedule(job_name text) returns boolean language sql volatile set search_path = '' as $$
    select cron._remove(null, job_name, current_user)
$$;
create function cron._alter(id bigint, schedule text, command text, active boolean, caller text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update cron.job j
    set schedule = coalesce(_alter.schedule, j.schedule), command = coalesce(_alter.command, j.command),
        active = coalesce(_alter.active, j.active)
    where j.jobid = id and j.username = caller;
    if not found then
        raise exception 'Job % does not exist or you don''t own it', id;
    end if;
end
$$;
revoke all on function cron._alter(bigint, text, text, boolean, text) from public;
create function cron.alter_job(
    job_id bigint, schedule text default null, command text default null, database text default null,
    username text default null, active boolean default null
) returns void language sql volatile set search_path = '' as $$
    select cron._alter(job_id, schedule, command, active, current_user)
$$;
create function cron.job_cache_invalidate() returns trigger language plpgsql set search_path = '' as $$
begin
    return new;
end
$$;

grant usage on schema cron to postgres with grant option;
grant all on all tables in schema cron to postgres with grant option;
revoke all on cron.job from postgres;
grant select on cron.job to postgres with grant option;
grant execute on all functions in schema cron to postgres with grant option;
