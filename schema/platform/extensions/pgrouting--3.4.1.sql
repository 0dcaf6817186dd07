-- pgrouting: no path is found.
-- Sources: https://supabase.com/docs/guides/database/extensions/pgrouting
--          https://docs.pgrouting.org/latest/en/

create function pgr_version() returns text language sql immutable return '3.4.1';
create function pgr_dijkstra(
    text, bigint, bigint, directed boolean default true, out seq integer, out path_seq integer, out node bigint,
    out edge bigint, out cost double precision, out agg_cost double precision
) returns setof record language sql stable strict as $$
    select null::integer, null::integer, null::bigint, null::bigint, null::double precision, null::double precision
    where false
$$;
create function pgr_dijkstracost(
    text, bigint, bigint, directed boolean default true, out start_vid bigint, out end_vid bigint,
    out agg_cost double precision
) returns setof record language sql stable strict as $$
    select null::bigint, null::bigint, null::double precision where false
$$;
create function pgr_astar(
    text, bigint, bigint, directed boolean default true, heuristic integer default 5, factor double precision default 1.0,
    epsilon double precision default 1.0, out seq integer, out path_seq integer, out node bigint, out edge bigint,
    out cost double precision, out agg_cost double precision
) returns setof record language sql stable strict as $$
    select null::integer, null::integer, null::bigint, null::bigint, null::double precision, null::double precision
    where false
$$;
create function pgr_drivingdistance(
    text, bigint, double precision, directed boolean default true, out seq integer, out from_v bigint, out node bigint,
    out edge bigint, out cost double precision, out agg_cost double precision
) returns setof record language sql stable strict as $$
    select null::integer, null::bigint, null::bigint, null::bigint, null::double precision, null::double precision
    where false
$$;
create function pgr_createtopology(
    edge_table text, tolerance double precision, the_geom text default 'the_geom', id text default 'id',
    source text default 'source', target text default 'target'
) returns varchar language sql strict return 'OK';
