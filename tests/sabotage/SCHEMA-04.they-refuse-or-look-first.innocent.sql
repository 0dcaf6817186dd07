set role postgres;
create function public.find_request(request uuid) returns jsonb language plpgsql stable set search_path = '' as $$
begin
    if not exists (select from public.help_requests r where r.id = request and false) then
        return jsonb_build_object('success', false, 'error', 'This request does not exist');
    end if;
    raise exception 'request % does not exist', request;
end $$;
create function public.old_backups() returns bigint language plpgsql stable set search_path = '' as $$
declare many bigint := 0;
begin
    if to_regclass('public.backups') is not null then
        execute 'select count(*) from public.backups' into many;
    end if;
    return many;
end $$;
create function public.with_scratch() returns bigint language plpgsql set search_path = '' as $$
declare many bigint;
begin
    create temporary table scratch (n bigint) on commit drop;
    insert into pg_temp.scratch values (1);
    select count(*) into many from pg_temp.scratch;
    return many;
end $$;
create function public.of_day(day date) returns bigint language sql immutable set search_path = '' as 'select 1::bigint';
create function public.of_day(week int) returns bigint language sql immutable set search_path = '' as 'select 2::bigint';
create function public.of_day() returns bigint language sql immutable set search_path = '' as 'select 3::bigint';
create function private.same(a text) returns text language sql immutable set search_path = '' as 'select a';
create function private.same(a int) returns int language sql immutable set search_path = '' as 'select a';
create function public.parse(given text) returns bigint language plpgsql immutable set search_path = ''
as 'begin return given::bigint; end';
create function public.in_my_path() returns bigint language sql stable as 'select count(*) from help_requests';
alter function public.in_my_path() set search_path = public;
