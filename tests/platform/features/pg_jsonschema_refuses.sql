-- expected: error 23514
create extension pg_jsonschema with schema extensions;
create table public.profiles_extra (
    data jsonb check (extensions.jsonb_matches_schema('{"type": "object", "required": ["tags"]}', data))
);
insert into public.profiles_extra values ('{}');
