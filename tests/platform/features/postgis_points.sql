create extension if not exists postgis with schema extensions;
create table public.places (
    id bigint generated always as identity primary key,
    location extensions.geography(point) not null
);
create index places_location_idx on public.places using gist (location);
insert into public.places (location) values (extensions.st_point(13.4, 52.5)::extensions.geography);
create function public.nearby(lat float, long float) returns setof public.places language sql stable as $$
    select * from public.places
    order by location operator(extensions.<->) extensions.st_point(long, lat)::extensions.geography
$$;
select * from public.nearby(52.5, 13.4);
