-- object: postgres
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated;
alter default privileges for role postgres in schema public grant usage on sequences to public;
alter default privileges for role postgres in schema public grant execute on functions to anon;
