-- pgroonga: operators look for words without regard to case; its index access method is a hash index under its name, which
-- is not used; options of indexes are left out (audit/migrations.py).
-- Sources: https://supabase.com/docs/guides/database/extensions/pgroonga
--          https://pgroonga.github.io/reference/

create function pgroonga_match_text(text, text) returns boolean language sql immutable strict parallel safe
return pg_catalog.strpos(pg_catalog.lower($1), pg_catalog.lower($2)) > 0;
create function pgroonga_query_text(text, text) returns boolean language sql immutable strict parallel safe
begin atomic
    select coalesce(pg_catalog.bool_and(
        word in ('OR', 'AND') or pg_catalog.strpos(pg_catalog.lower($1), pg_catalog.lower(word)) > 0), true)
    from pg_catalog.regexp_split_to_table(pg_catalog.btrim($2), '[\s()"]+') as word;
end;
create operator &@ (leftarg = text, rightarg = text, procedure = pgroonga_match_text);
create operator &@~ (leftarg = text, rightarg = text, procedure = pgroonga_query_text);
create function pgroonga_match_text_array(text[], text) returns boolean language sql immutable strict parallel safe
return pgroonga_match_text(pg_catalog.array_to_string($1, ' '), $2);
create function pgroonga_query_text_array(text[], text) returns boolean language sql immutable strict parallel safe
return pgroonga_query_text(pg_catalog.array_to_string($1, ' '), $2);
create operator &@ (leftarg = text[], rightarg = text, procedure = pgroonga_match_text_array);
create operator &@~ (leftarg = text[], rightarg = text, procedure = pgroonga_query_text_array);
create function pgroonga_match_jsonb(jsonb, text) returns boolean language sql immutable strict parallel safe
return pgroonga_match_text($1::text, $2);
create operator &@ (leftarg = jsonb, rightarg = text, procedure = pgroonga_match_jsonb);
create operator &@~ (leftarg = jsonb, rightarg = text, procedure = pgroonga_match_jsonb);
create function pgroonga_score(record) returns double precision language plpgsql stable strict as $$
begin
    return 0;
end
$$;
create function pgroonga_score(tableoid oid, ctid tid) returns double precision language sql stable strict
return 0::double precision;
create function pgroonga_snippet_html(target text, keywords text[], width integer default 200) returns text[]
    language sql immutable strict return array[target];
create function pgroonga_highlight_html(target text, keywords text[]) returns text language sql immutable strict
return target;
create function pgroonga_escape(value text) returns text language sql immutable strict return value;
create function pgroonga_normalize(target text) returns text language sql immutable strict return pg_catalog.lower(target);
create function pgroonga_tokenize(target text, variadic options text[]) returns json[] language sql immutable strict
return array[]::json[];
create function pgroonga_command(command text) returns text language sql return '[[0,0,0],true]';

create function pgroonga_handler(internal) returns index_am_handler language internal as 'hashhandler';
create access method pgroonga type index handler pgroonga_handler;
create function pgroonga_hash_text(text) returns integer language sql immutable strict parallel safe
return pg_catalog.hashtext($1 collate "C");
create function pgroonga_hash_varchar(varchar) returns integer language sql immutable strict parallel safe
return pg_catalog.hashtext($1::text collate "C");
create function pgroonga_hash_text_array(text[]) returns integer language sql immutable strict parallel safe
return pg_catalog.hashtext($1::text collate "C");
create function pgroonga_hash_jsonb(jsonb) returns integer language sql immutable strict parallel safe
return pg_catalog.jsonb_hash($1);
create operator class pgroonga_text_full_text_search_ops_v2 default for type text using pgroonga as
    operator 1 =, function 1 pgroonga_hash_text(text);
create operator class pgroonga_text_full_text_search_ops for type text using pgroonga as
    operator 1 =, function 1 pgroonga_hash_text(text);
create operator class pgroonga_text_term_search_ops_v2 for type text using pgroonga as
    operator 1 =, function 1 pgroonga_hash_text(text);
create operator class pgroonga_text_regexp_ops_v2 for type text using pgroonga as
    operator 1 =, function 1 pgroonga_hash_text(text);
create operator class pgroonga_varchar_term_search_ops_v2 for type varchar using pgroonga as
    operator 1 = (text, text), function 1 pgroonga_hash_text(text);
create operator class pgroonga_varchar_full_text_search_ops_v2 default for type varchar using pgroonga as
    operator 1 = (text, text), function 1 pgroonga_hash_text(text);
create operator class pgroonga_text_array_full_text_search_ops_v2 default for type text[] using pgroonga as
    operator 1 = (anyarray, anyarray), function 1 pgroonga_hash_text_array(text[]);
create operator class pgroonga_jsonb_ops_v2 default for type jsonb using pgroonga as
    operator 1 =, function 1 pgroonga_hash_jsonb(jsonb);
