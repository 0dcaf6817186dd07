create extension postgis;
create table public.parcels (id int, outline geometry(multipolygon, 4326), centre geometry(point, 4326));
create index on public.parcels using gist (outline);
insert into public.parcels values (1, null, st_setsrid(st_makepoint(8.5, 47.4), 4326));
do $$ begin
    if (select st_x(centre) from public.parcels) <> 8.5 then raise exception 'moved'; end if;
end $$;
