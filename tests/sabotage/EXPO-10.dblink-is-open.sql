-- object: extensions.dblink*
create extension dblink with schema extensions;
