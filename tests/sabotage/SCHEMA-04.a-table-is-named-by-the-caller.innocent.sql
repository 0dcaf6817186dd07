-- Which table is asked is for the caller to say; that there is none of a name that we make up is no fault.
create table private.queue_letters (id bigint generated always as identity primary key, note text);
create function private.waiting(p_queue text) returns bigint language plpgsql stable set search_path = '' as $$
declare
    v_count bigint;
begin
    execute 'select count(*) from private."queue_' || p_queue || '"' into v_count;
    return v_count;
end
$$;
