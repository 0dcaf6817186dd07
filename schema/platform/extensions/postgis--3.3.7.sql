-- postgis for a server without it: geometry, geography and box types are opaque. They hold what was given, as (E)WKT or in the
-- hexadecimal form, and any text passes as one. Points have coordinates and distances; whatever needs real geometry answers
-- as if the shapes were their first points. Indexes of GiST and SP-GiST can be made where btree_gist is there, and are not used.
-- Sources: https://supabase.com/docs/guides/database/extensions/postgis
--          https://postgis.net/docs/reference.html

create type geometry;
create function geometry_in(cstring) returns geometry language internal immutable strict parallel safe as 'textin';
create function geometry_out(geometry) returns cstring language internal immutable strict parallel safe as 'textout';
create function geometry_recv(internal) returns geometry language internal stable strict parallel safe as 'textrecv';
create function geometry_send(geometry) returns bytea language internal stable strict parallel safe as 'textsend';
-- How many modifiers: (Point, 4326) is taken, and neither kept nor enforced.
create function geometry_typmod_in(cstring[]) returns integer language internal immutable strict parallel safe
    as 'array_cardinality';
create function geometry_typmod_out(integer) returns cstring language internal immutable strict parallel safe
    as 'varchartypmodout';
create type geometry (
    input = geometry_in, output = geometry_out, receive = geometry_recv, send = geometry_send, typmod_in = geometry_typmod_in,
    typmod_out = geometry_typmod_out, storage = main
);
create cast (geometry as text) without function as implicit;
create cast (text as geometry) without function as implicit;
create type geography;
create function geography_in(cstring) returns geography language internal immutable strict parallel safe as 'textin';
create function geography_out(geography) returns cstring language internal immutable strict parallel safe as 'textout';
create function geography_recv(internal) returns geography language internal stable strict parallel safe as 'textrecv';
create function geography_send(geography) returns bytea language internal stable strict parallel safe as 'textsend';
-- How many modifiers: (Point, 4326) is taken, and neither kept nor enforced.
create function geography_typmod_in(cstring[]) returns integer language internal immutable strict parallel safe
    as 'array_cardinality';
create function geography_typmod_out(integer) returns cstring language internal immutable strict parallel safe
    as 'varchartypmodout';
create type geography (
    input = geography_in, output = geography_out, receive = geography_recv, send = geography_send, typmod_in = geography_typmod_in,
    typmod_out = geography_typmod_out, storage = main
);
create cast (geography as text) without function as implicit;
create cast (text as geography) without function as implicit;
create type box2d;
create function box2d_in(cstring) returns box2d language internal immutable strict parallel safe as 'textin';
create function box2d_out(box2d) returns cstring language internal immutable strict parallel safe as 'textout';
create function box2d_recv(internal) returns box2d language internal stable strict parallel safe as 'textrecv';
create function box2d_send(box2d) returns bytea language internal stable strict parallel safe as 'textsend';
create type box2d (input = box2d_in, output = box2d_out, receive = box2d_recv, send = box2d_send);
create cast (box2d as text) without function as implicit;
create cast (text as box2d) without function as implicit;
create type box3d;
create function box3d_in(cstring) returns box3d language internal immutable strict parallel safe as 'textin';
create function box3d_out(box3d) returns cstring language internal immutable strict parallel safe as 'textout';
create function box3d_recv(internal) returns box3d language internal stable strict parallel safe as 'textrecv';
create function box3d_send(box3d) returns bytea language internal stable strict parallel safe as 'textsend';
create type box3d (input = box3d_in, output = box3d_out, receive = box3d_recv, send = box3d_send);
create cast (box3d as text) without function as implicit;
create cast (text as box3d) without function as implicit;
create type geometry_dump as (path integer[], geom geometry);
create type valid_detail as (valid boolean, reason varchar, location geometry);
create cast (geometry as geography) without function as implicit;
create cast (geography as geometry) without function;
create cast (box2d as geometry) without function as implicit;
create cast (geometry as box2d) without function as implicit;
create cast (geometry as box3d) without function as implicit;
create function geometry_bytea(geometry) returns bytea language sql immutable strict parallel safe
return pg_catalog.convert_to($1::text, 'UTF8');
create cast (geometry as bytea) with function geometry_bytea(geometry) as implicit;
create function geometry_json(geometry) returns jsonb language sql immutable strict parallel safe
return pg_catalog.to_jsonb($1::text);
create cast (geometry as jsonb) with function geometry_json(geometry);

create table spatial_ref_sys (
    srid integer not null primary key check (srid > 0 and srid <= 998999),
    auth_name varchar(256),
    auth_srid integer,
    srtext varchar(2048),
    proj4text varchar(2048)
);
insert into spatial_ref_sys (srid, auth_name, auth_srid)
select srid, 'EPSG', srid from pg_catalog.unnest(array[3857, 4269, 4326, 27700, 32632, 32633]) as known (srid);
grant select on spatial_ref_sys to public;
create view geometry_columns as
    select current_database()::varchar(256) as f_table_catalog, n.nspname as f_table_schema, c.relname as f_table_name,
        a.attname as f_geometry_column, 2 as coord_dimension, 0 as srid, 'GEOMETRY'::varchar(30) as type
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'v', 'm', 'f', 'p')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where a.atttypid = 'geometry'::regtype and not a.attisdropped;
create view geography_columns as
    select current_database()::name as f_table_catalog, n.nspname as f_table_schema, c.relname as f_table_name,
        a.attname as f_geography_column, 2 as coord_dimension, 4326 as srid, 'Geography'::text as type
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'v', 'm', 'f', 'p')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where a.atttypid = 'geography'::regtype and not a.attisdropped;
grant select on geometry_columns, geography_columns to public;

create function postgis_version() returns text language sql immutable return '3.3 USE_GEOS=0 USE_PROJ=0 USE_STATS=0';
create function postgis_full_version() returns text language sql immutable return 'POSTGIS="3.3.7" (stand-in)';
create function postgis_lib_version() returns text language sql immutable return '3.3.7';

-- Reading: the SRID and the first two numbers of a text.
create function st_srid(geometry) returns integer language sql immutable strict parallel safe
return coalesce(substring($1::text from '^SRID=(\d+);')::integer, 0);
create function st_astext(geometry) returns text language sql immutable strict parallel safe
return pg_catalog.regexp_replace($1::text, '^SRID=\d+;', '');
create function st_astext(geometry, integer) returns text language sql immutable strict parallel safe return st_astext($1);
create function st_astext(geography) returns text language sql immutable strict parallel safe
return st_astext($1::geometry);
create function st_asewkt(geometry) returns text language sql immutable strict parallel safe return $1::text;
create function st_x(geometry) returns double precision language sql immutable strict parallel safe
return substring($1::text from '[(]\s*(-?[0-9.]+(?:[eE][-+]?\d+)?)')::double precision;
create function st_y(geometry) returns double precision language sql immutable strict parallel safe
return substring($1::text from '[(]\s*-?[0-9.]+(?:[eE][-+]?\d+)?\s+(-?[0-9.]+(?:[eE][-+]?\d+)?)')::double precision;
create function st_z(geometry) returns double precision language sql immutable strict parallel safe
return substring($1::text from '[(]\s*\S+\s+\S+\s+(-?[0-9.]+)')::double precision;
create function st_geometrytype(geometry) returns text language sql immutable strict parallel safe
return 'ST_' || pg_catalog.initcap(pg_catalog.lower(coalesce(substring(st_astext($1) from '^[A-Za-z]+'), 'Geometry')));
create function geometrytype(geometry) returns text language sql immutable strict parallel safe
return pg_catalog.upper(coalesce(substring(st_astext($1) from '^[A-Za-z]+'), 'GEOMETRY'));

-- Making.
create function st_setsrid(geometry, integer) returns geometry language sql immutable strict parallel safe
return ('SRID=' || $2 || ';' || st_astext($1))::geometry;
create function st_setsrid(geography, integer) returns geography language sql immutable strict parallel safe
return ('SRID=' || $2 || ';' || st_astext($1::geometry))::geography;
create function st_transform(geometry, integer) returns geometry language sql immutable strict parallel safe
return st_setsrid($1, $2);
create function st_makepoint(double precision, double precision) returns geometry
    language sql immutable strict parallel safe
return ('POINT(' || $1 || ' ' || $2 || ')')::geometry;
create function st_makepoint(double precision, double precision, double precision) returns geometry
    language sql immutable strict parallel safe
return ('POINT Z (' || $1 || ' ' || $2 || ' ' || $3 || ')')::geometry;
create function st_point(double precision, double precision) returns geometry language sql immutable strict parallel safe
return st_makepoint($1, $2);
create function st_point(double precision, double precision, integer) returns geometry
    language sql immutable strict parallel safe
return st_setsrid(st_makepoint($1, $2), $3);
create function st_pointfromtext(text, integer default 0) returns geometry language sql immutable strict parallel safe
return st_setsrid($1::geometry, $2);
create function st_geomfromtext(text) returns geometry language sql immutable strict parallel safe return $1::geometry;
create function st_geomfromtext(text, integer) returns geometry language sql immutable strict parallel safe
return st_setsrid($1::geometry, $2);
create function st_geometryfromtext(text, integer default 0) returns geometry language sql immutable strict parallel safe
return st_setsrid($1::geometry, $2);
create function st_geogfromtext(text) returns geography language sql immutable strict parallel safe return $1::geography;
create function st_geographyfromtext(text) returns geography language sql immutable strict parallel safe
return $1::geography;
create function st_geomfromewkt(text) returns geometry language sql immutable strict parallel safe return $1::geometry;
create function st_geomfromgeojson(jsonb) returns geometry language sql immutable strict parallel safe
return case $1 ->> 'type' when 'Point'
    then ('SRID=4326;POINT(' || ($1 #>> '{coordinates,0}') || ' ' || ($1 #>> '{coordinates,1}') || ')')::geometry
    else ('SRID=4326;' || pg_catalog.upper($1 ->> 'type') || '(' || pg_catalog.translate($1 ->> 'coordinates', '[],', '() ') || ')')::geometry end;
create function st_geomfromgeojson(text) returns geometry language sql immutable strict parallel safe
return st_geomfromgeojson($1::jsonb);
create function st_geomfromgeojson(json) returns geometry language sql immutable strict parallel safe
return st_geomfromgeojson($1::jsonb);
create function st_asgeojson(geometry, maxdecimaldigits integer default 9, options integer default 8) returns text
    language sql immutable strict parallel safe
return pg_catalog.jsonb_build_object('type', pg_catalog.initcap(pg_catalog.lower(geometrytype($1))),
    'coordinates', pg_catalog.jsonb_build_array(st_x($1), st_y($1)))::text;
create function st_asgeojson(geography, maxdecimaldigits integer default 9, options integer default 0) returns text
    language sql immutable strict parallel safe
return st_asgeojson($1::geometry, maxdecimaldigits, 8);
create function st_asbinary(geometry) returns bytea language sql immutable strict parallel safe
return pg_catalog.convert_to($1::text, 'UTF8');
create function st_ashexewkb(geometry) returns text language sql immutable strict parallel safe
return pg_catalog.encode(pg_catalog.convert_to($1::text, 'UTF8'), 'hex');
create function st_geomfromwkb(bytea, integer default 0) returns geometry language sql immutable strict parallel safe
return st_setsrid(pg_catalog.convert_from($1, 'UTF8')::geometry, $2);
create function st_makeenvelope(
    double precision, double precision, double precision, double precision, integer default 0
) returns geometry language sql immutable strict parallel safe
return ('SRID=' || $5 || ';POLYGON((' || $1 || ' ' || $2 || ',' || $1 || ' ' || $4 || ',' || $3 || ' ' || $4 || ','
    || $3 || ' ' || $2 || ',' || $1 || ' ' || $2 || '))')::geometry;
create function st_tileenvelope(zoom integer, x integer, y integer) returns geometry
    language sql immutable strict parallel safe
return st_makeenvelope(-20037508, -20037508, 20037508, 20037508, 3857);
create function st_makeline(geometry, geometry) returns geometry language sql immutable strict parallel safe
return ('LINESTRING(' || st_x($1) || ' ' || st_y($1) || ',' || st_x($2) || ' ' || st_y($2) || ')')::geometry;
create function st_makebox2d(geometry, geometry) returns box2d language sql immutable strict parallel safe
return ('BOX(' || st_x($1) || ' ' || st_y($1) || ',' || st_x($2) || ' ' || st_y($2) || ')')::box2d;
create function st_envelope(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_centroid(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_pointonsurface(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_makevalid(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_startpoint(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_endpoint(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_convexhull(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_multi(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_force2d(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_force3d(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_makepolygon(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_boundary(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_reverse(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_flipcoordinates(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_normalize(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_linemerge(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_exteriorring(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_unaryunion(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_polygonize(geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_buffer(geometry, double precision) returns geometry language sql immutable strict parallel safe return $1;
create function st_simplify(geometry, double precision) returns geometry language sql immutable strict parallel safe return $1;
create function st_simplifypreservetopology(geometry, double precision) returns geometry language sql immutable strict parallel safe return $1;
create function st_snaptogrid(geometry, double precision) returns geometry language sql immutable strict parallel safe return $1;
create function st_union(geometry, geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_intersection(geometry, geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_difference(geometry, geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_symdifference(geometry, geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_collect(geometry, geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_closestpoint(geometry, geometry) returns geometry language sql immutable strict parallel safe return $1;
create function st_geometryn(geometry, integer) returns geometry language sql immutable strict parallel safe return $1;
create function st_pointn(geometry, integer) returns geometry language sql immutable strict parallel safe return $1;
create function st_lineinterpolatepoint(geometry, double precision) returns geometry language sql immutable strict parallel safe return $1;
create function st_expand(geometry, double precision) returns geometry language sql immutable strict parallel safe return $1;
create function st_translate(geometry, double precision, double precision) returns geometry language sql immutable strict parallel safe return $1;
create function st_segmentize(geometry, double precision) returns geometry language sql immutable strict parallel safe return $1;
create function st_subdivide(geometry, integer) returns geometry language sql immutable strict parallel safe return $1;
create function st_buffer(geography, double precision) returns geography language sql immutable strict parallel safe return $1;
create function st_intersection(geography, geography) returns geography language sql immutable strict parallel safe return $1;
create function st_segmentize(geography, double precision) returns geography language sql immutable strict parallel safe return $1;
create function st_project(geography, double precision, double precision) returns geography language sql immutable strict parallel safe return $1;
create function st_centroid(geography) returns geography language sql immutable strict parallel safe return $1;
create function st_area(geometry) returns double precision language sql immutable strict parallel safe
return 0::double precision;
create function st_area(geography, boolean default true) returns double precision language sql immutable strict parallel safe
return 0::double precision;
create function st_length(geometry) returns double precision language sql immutable strict parallel safe
return 0::double precision;
create function st_length(geography, boolean default true) returns double precision language sql immutable strict parallel safe
return 0::double precision;
create function st_perimeter(geometry) returns double precision language sql immutable strict parallel safe
return 0::double precision;
create function st_perimeter(geography, boolean default true) returns double precision language sql immutable strict parallel safe
return 0::double precision;
create function st_xmin(box3d) returns double precision language sql immutable strict parallel safe
return st_x($1::text::geometry);
create function st_xmax(box3d) returns double precision language sql immutable strict parallel safe
return st_x($1::text::geometry);
create function st_ymin(box3d) returns double precision language sql immutable strict parallel safe
return st_y($1::text::geometry);
create function st_ymax(box3d) returns double precision language sql immutable strict parallel safe
return st_y($1::text::geometry);
create function st_isvalid(geometry) returns boolean language sql immutable strict parallel safe return true;
create function st_isempty(geometry) returns boolean language sql immutable strict parallel safe
return $1::text ~* 'empty';
create function st_isclosed(geometry) returns boolean language sql immutable strict parallel safe return false;
create function st_issimple(geometry) returns boolean language sql immutable strict parallel safe return true;
create function st_isvalidreason(geometry) returns text language sql immutable strict parallel safe
return 'Valid Geometry';
create function st_npoints(geometry) returns integer language sql immutable strict parallel safe
return pg_catalog.cardinality(pg_catalog.string_to_array($1::text, ','));
create function st_numgeometries(geometry) returns integer language sql immutable strict parallel safe return 1;
create function st_dimension(geometry) returns integer language sql immutable strict parallel safe
return case when st_astext($1) ~* 'polygon' then 2 when st_astext($1) ~* 'line' then 1 else 0 end;
create function st_geohash(geometry, integer default 0) returns text language sql immutable strict parallel safe
return pg_catalog.left(pg_catalog.md5($1::text), case $2 when 0 then 20 else $2 end);
create function st_azimuth(geometry, geometry) returns double precision language sql immutable strict parallel safe
return pg_catalog.atan2(st_x($2) - st_x($1), st_y($2) - st_y($1));

-- In the plane by Pythagoras, on the sphere by haversines with the mean radius.
create function st_distance(geometry, geometry) returns double precision language sql immutable strict parallel safe
return pg_catalog.sqrt((st_x($1) - st_x($2)) ^ 2 + (st_y($1) - st_y($2)) ^ 2);
create function st_distancesphere(geometry, geometry) returns double precision language sql immutable strict parallel safe
return 2 * 6371008.77 * pg_catalog.asin(least(1, pg_catalog.sqrt(
    pg_catalog.sind((st_y($2) - st_y($1)) / 2) ^ 2
    + pg_catalog.cosd(st_y($1)) * pg_catalog.cosd(st_y($2)) * pg_catalog.sind((st_x($2) - st_x($1)) / 2) ^ 2)));
create function st_distance(geography, geography, boolean default true) returns double precision
    language sql immutable strict parallel safe
return st_distancesphere($1::geometry, $2::geometry);
create function st_dwithin(geometry, geometry, double precision) returns boolean
    language sql immutable strict parallel safe
return st_distance($1, $2) <= $3;
create function st_dwithin(geography, geography, double precision, boolean default true) returns boolean
    language sql immutable strict parallel safe
return st_distance($1, $2) <= $3;
create function st_maxdistance(geometry, geometry) returns double precision language sql immutable strict parallel safe
return st_distance($1, $2);
create function st_intersects(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_contains(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_within(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_covers(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_coveredby(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_equals(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_touches(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_crosses(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_overlaps(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_containsproperly(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_x($1) = st_x($2) and st_y($1) = st_y($2);
create function st_disjoint(geometry, geometry) returns boolean language sql immutable strict parallel safe
return not st_intersects($1, $2);
create function st_intersects(geography, geography) returns boolean language sql immutable strict parallel safe
return st_intersects($1::geometry, $2::geometry);
create function st_covers(geography, geography) returns boolean language sql immutable strict parallel safe
return st_covers($1::geometry, $2::geometry);
create function st_coveredby(geography, geography) returns boolean language sql immutable strict parallel safe
return st_coveredby($1::geometry, $2::geometry);
create function geometry_overlaps(geometry, geometry) returns boolean language sql immutable strict parallel safe
return st_intersects($1, $2);
create operator && (leftarg = geometry, rightarg = geometry, procedure = geometry_overlaps, commutator = &&);
create function geometry_distance_knn(geometry, geometry) returns double precision language sql immutable strict parallel safe
return st_distance($1, $2);
create operator <-> (leftarg = geometry, rightarg = geometry, procedure = geometry_distance_knn, commutator = <->);
create function geometry_eq(geometry, geometry) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" = $2::text;
create operator = (leftarg = geometry, rightarg = geometry, procedure = geometry_eq);
create function geometry_lt(geometry, geometry) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" < $2::text;
create operator < (leftarg = geometry, rightarg = geometry, procedure = geometry_lt);
create function geometry_le(geometry, geometry) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" <= $2::text;
create operator <= (leftarg = geometry, rightarg = geometry, procedure = geometry_le);
create function geometry_gt(geometry, geometry) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" > $2::text;
create operator > (leftarg = geometry, rightarg = geometry, procedure = geometry_gt);
create function geometry_ge(geometry, geometry) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" >= $2::text;
create operator >= (leftarg = geometry, rightarg = geometry, procedure = geometry_ge);
create function geometry_cmp(geometry, geometry) returns integer language sql immutable strict parallel safe
return pg_catalog.bttextcmp($1::text collate "C", $2::text);
create operator class btree_geometry_ops default for type geometry using btree as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 geometry_cmp(geometry, geometry);
create function geometry_hash(geometry) returns integer language sql immutable strict parallel safe
return pg_catalog.hashtext($1::text);
create operator class hash_geometry_ops default for type geometry using hash as operator 1 =, function 1 geometry_hash(geometry);
create function geography_overlaps(geography, geography) returns boolean language sql immutable strict parallel safe
return st_intersects($1, $2);
create operator && (leftarg = geography, rightarg = geography, procedure = geography_overlaps, commutator = &&);
create function geography_distance_knn(geography, geography) returns double precision language sql immutable strict parallel safe
return st_distance($1, $2);
create operator <-> (leftarg = geography, rightarg = geography, procedure = geography_distance_knn, commutator = <->);
create function geography_eq(geography, geography) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" = $2::text;
create operator = (leftarg = geography, rightarg = geography, procedure = geography_eq);
create function geography_lt(geography, geography) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" < $2::text;
create operator < (leftarg = geography, rightarg = geography, procedure = geography_lt);
create function geography_le(geography, geography) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" <= $2::text;
create operator <= (leftarg = geography, rightarg = geography, procedure = geography_le);
create function geography_gt(geography, geography) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" > $2::text;
create operator > (leftarg = geography, rightarg = geography, procedure = geography_gt);
create function geography_ge(geography, geography) returns boolean language sql immutable strict parallel safe
return $1::text collate "C" >= $2::text;
create operator >= (leftarg = geography, rightarg = geography, procedure = geography_ge);
create function geography_cmp(geography, geography) returns integer language sql immutable strict parallel safe
return pg_catalog.bttextcmp($1::text collate "C", $2::text);
create operator class btree_geography_ops default for type geography using btree as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 geography_cmp(geography, geography);
create function geography_hash(geography) returns integer language sql immutable strict parallel safe
return pg_catalog.hashtext($1::text);
create operator class hash_geography_ops default for type geography using hash as operator 1 =, function 1 geography_hash(geography);
create operator ~ (leftarg = geometry, rightarg = geometry, procedure = st_contains);
create operator @ (leftarg = geometry, rightarg = geometry, procedure = st_within);

create function st_collect_step(geometry, geometry) returns geometry language sql immutable parallel safe
return coalesce($1, $2);
create aggregate st_union(geometry) (sfunc = st_collect_step, stype = geometry);
create aggregate st_collect(geometry) (sfunc = st_collect_step, stype = geometry);
create aggregate st_makeline(geometry) (sfunc = st_collect_step, stype = geometry);
create aggregate st_extent(geometry) (sfunc = st_collect_step, stype = geometry);
create function st_dump(geometry) returns setof geometry_dump language sql immutable strict parallel safe as $$
    select array[]::integer[], $1
$$;
create function st_asmvtgeom(
    geom geometry, bounds box2d, extent integer default 4096, buffer integer default 256, clip_geom boolean default true
) returns geometry language sql immutable parallel safe return geom;
create function st_asmvt_step(bytea, anyelement) returns bytea language sql immutable parallel safe as $$
    select coalesce($1, '')
$$;
create aggregate st_asmvt(anyelement) (sfunc = st_asmvt_step, stype = bytea);
create function find_srid(varchar, varchar, varchar) returns integer language sql immutable strict return 4326;
create function addgeometrycolumn(
    schema_name varchar, table_name varchar, column_name varchar, new_srid integer, new_type varchar, new_dim integer,
    use_typmod boolean default true
) returns text language plpgsql strict as $$
begin
    execute format('alter table %I.%I add column %I @extschema@.geometry', schema_name, table_name, column_name);
    return format('%s.%s.%s SRID:%s TYPE:%s DIMS:%s', schema_name, table_name, column_name, new_srid, new_type, new_dim);
end
$$;
create function addgeometrycolumn(
    table_name varchar, column_name varchar, new_srid integer, new_type varchar, new_dim integer,
    use_typmod boolean default true
) returns text language plpgsql strict as $$
begin
    execute format('alter table %I add column %I @extschema@.geometry', table_name, column_name);
    return format('public.%s.%s SRID:%s TYPE:%s DIMS:%s', table_name, column_name, new_srid, new_type, new_dim);
end
$$;

-- Indexes: GiST needs support functions in C. Those of btree_gist for byte strings do, as they only compare bytes.
do $$
declare
    kind text;
begin
    create function _gist_consistent(internal, bytea, smallint, oid, internal) returns boolean
        language c immutable strict parallel safe as '$libdir/btree_gist', 'gbt_bytea_consistent';
    drop function _gist_consistent(internal, bytea, smallint, oid, internal);
    foreach kind in array array['geometry', 'geography'] loop
        execute pg_catalog.format(
            'create function %1$s_gist_consistent(internal, %1$s, smallint, oid, internal) returns boolean
                 language c immutable strict parallel safe as ''$libdir/btree_gist'', ''gbt_bytea_consistent'';
             create function %1$s_gist_compress(internal) returns internal
                 language c immutable strict parallel safe as ''$libdir/btree_gist'', ''gbt_bytea_compress'';
             create function %1$s_gist_decompress(internal) returns internal
                 language c immutable strict parallel safe as ''$libdir/btree_gist'', ''gbt_var_decompress'';
             create function %1$s_gist_penalty(internal, internal, internal) returns internal
                 language c immutable strict parallel safe as ''$libdir/btree_gist'', ''gbt_bytea_penalty'';
             create function %1$s_gist_picksplit(internal, internal) returns internal
                 language c immutable strict parallel safe as ''$libdir/btree_gist'', ''gbt_bytea_picksplit'';
             create function %1$s_gist_union(internal, internal) returns bytea
                 language c immutable strict parallel safe as ''$libdir/btree_gist'', ''gbt_bytea_union'';
             create function %1$s_gist_same(bytea, bytea, internal) returns internal
                 language c immutable strict parallel safe as ''$libdir/btree_gist'', ''gbt_bytea_same'';
             create operator class %2$s default for type %1$s using gist as
                 function 1 %1$s_gist_consistent(internal, %1$s, smallint, oid, internal),
                 function 2 %1$s_gist_union(internal, internal), function 3 %1$s_gist_compress(internal),
                 function 4 %1$s_gist_decompress(internal), function 5 %1$s_gist_penalty(internal, internal, internal),
                 function 6 %1$s_gist_picksplit(internal, internal), function 7 %1$s_gist_same(bytea, bytea, internal),
                 storage bytea', kind, case kind when 'geometry' then 'gist_geometry_ops_2d' else 'gist_geography_ops' end
        );
    end loop;
exception when undefined_file or undefined_function then
    raise notice 'without btree_gist there are no GiST indexes on geometry';
end
$$;
