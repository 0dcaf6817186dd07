create extension postgis with schema extensions;
create extension postgis_topology;
