create extension if not exists pg_jsonschema with schema extensions;
create table public.forms (
    id bigint generated always as identity primary key,
    answers jsonb not null check (extensions.jsonb_matches_schema(
        '{"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 1}}}', answers))
);
insert into public.forms (answers) values ('{"name": "Ada"}');
