-- object: postgres: functions
alter default privileges for role postgres grant execute on functions to public;
