-- postgis_raster: the type, opaque.
-- Source: https://postgis.net/docs/RT_reference.html

create type raster;
create function raster_in(cstring) returns raster language internal immutable strict parallel safe as 'textin';
create function raster_out(raster) returns cstring language internal immutable strict parallel safe as 'textout';
create type raster (input = raster_in, output = raster_out, storage = extended);
create function postgis_raster_lib_version() returns text language sql immutable return '3.3.7';
