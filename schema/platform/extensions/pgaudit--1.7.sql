-- pgaudit: its functions, which log nothing. Its event triggers are left out: they would run, with a superuser's rights at
-- a superuser's statement, what a project made of the functions that it may own.
-- Sources: https://supabase.com/docs/guides/database/extensions/pgaudit, https://github.com/pgaudit/pgaudit

create function pgaudit_ddl_command_end() returns event_trigger language plpgsql set search_path = '' as 'begin end';
create function pgaudit_sql_drop() returns event_trigger language plpgsql set search_path = '' as 'begin end';
