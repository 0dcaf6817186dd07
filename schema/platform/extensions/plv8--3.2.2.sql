-- plv8: functions in JavaScript can be created, granted and looked at. A call ends with a syntax error, since the handler is
-- that of plpgsql: no server without plv8 can run them.
-- Sources: https://supabase.com/docs/guides/database/extensions/plv8
--          https://plv8.github.io/

create function plv8_call_handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create trusted language plv8 handler plv8_call_handler;
create function plv8_version() returns text language sql immutable return '3.2.2';
create function plv8_reset() returns void language sql as '';
grant usage on language plv8 to public;
