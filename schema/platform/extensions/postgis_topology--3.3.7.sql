-- postgis_topology: its catalogue and little else.
-- Source: https://postgis.net/docs/Topology.html

create table topology.topology (
    id serial not null primary key,
    name varchar not null unique,
    srid integer not null,
    "precision" double precision not null,
    hasz boolean not null default false
);
create table topology.layer (
    topology_id integer not null references topology.topology (id),
    layer_id integer not null,
    schema_name varchar not null,
    table_name varchar not null,
    feature_column varchar not null,
    feature_type integer not null,
    level integer not null default 0,
    child_id integer,
    primary key (layer_id, topology_id)
);
create type topology.topogeometry as (topology_id integer, layer_id integer, id integer, type integer);
create function topology.createtopology(
    toponame varchar, srid integer default 0, prec double precision default 0, hasz boolean default false
) returns integer language sql volatile as $$
    insert into topology.topology (name, srid, "precision", hasz) values (toponame, srid, prec, hasz) returning id
$$;
