create extension postgis with schema extensions;
create table public.helpers (id int, spot extensions.geography(point, 4326));
insert into public.helpers values (1, extensions.st_setsrid(extensions.st_makepoint(13.40, 52.52), 4326)::extensions.geography);
do $$ begin
    if not exists (select from public.helpers where extensions.st_dwithin(
        spot, extensions.st_setsrid(extensions.st_makepoint(13.41, 52.52), 4326)::extensions.geography, 1000)) then
        raise exception 'not near';
    end if;
end $$;
