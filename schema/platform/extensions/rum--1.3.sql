-- rum: GIN under its name. Its order by distance is not in the index, so that plans sort.
-- Source: https://supabase.com/docs/guides/database/extensions/rum

create function rumhandler(internal) returns index_am_handler language internal as 'ginhandler';
create access method rum type index handler rumhandler;
create function rum_ts_distance(tsvector, tsquery) returns real language sql immutable strict parallel safe
return 1 / (1e-9 + pg_catalog.ts_rank($1, $2));
create operator <=> (leftarg = tsvector, rightarg = tsquery, procedure = rum_ts_distance);
create function rum_timestamp_distance(timestamptz, timestamptz) returns double precision
    language sql immutable strict parallel safe
return pg_catalog.abs(extract(epoch from $1 - $2))::double precision;
create operator <=> (leftarg = timestamptz, rightarg = timestamptz, procedure = rum_timestamp_distance, commutator = <=>);
create function rum_ts_score(tsvector, tsquery) returns real language sql immutable strict parallel safe
return pg_catalog.ts_rank($1, $2);
create operator class rum_tsvector_ops default for type tsvector using rum as
    operator 1 @@ (tsvector, tsquery),
    function 1 gin_cmp_tslexeme(text, text),
    function 2 gin_extract_tsvector(tsvector, internal, internal),
    function 3 gin_extract_tsquery(tsvector, internal, smallint, internal, internal, internal, internal),
    function 4 gin_tsquery_consistent(internal, smallint, tsvector, integer, internal, internal, internal, internal),
    function 5 gin_cmp_prefix(text, text, smallint, internal),
    storage text;
