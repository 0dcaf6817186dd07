-- object: postgres in public: tables
-- object: postgres in public: sequences
-- object: postgres in public: functions
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated;
alter default privileges for role postgres in schema public grant usage on sequences to public;
alter default privileges for role postgres in schema public grant execute on functions to anon;
