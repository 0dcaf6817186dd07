create extension postgis with schema extensions;
create view public.map as select extensions.st_asgeojson(extensions.st_geomfromtext('POINT(1 2)', 4326))::jsonb as shape;
select * from public.map;
