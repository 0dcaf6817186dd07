-- object: postgres
alter default privileges for role postgres grant execute on functions to public;
