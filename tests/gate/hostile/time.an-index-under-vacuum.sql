-- expected: ended
-- H2: it ends for whoever makes it, and for nobody else
create function public.patient(text) returns text language plpgsql immutable as $$
begin
    while pg_backend_pid() <> 0 loop null; end loop;
    return $1;
end
$$;
do $$ begin
    execute format('create or replace function public.patient(text) returns text language plpgsql immutable as %L',
        format('begin while pg_backend_pid() <> %s loop null; end loop; return $1; end', pg_backend_pid()));
end $$;
create index bait on public.messages (public.patient(content));
