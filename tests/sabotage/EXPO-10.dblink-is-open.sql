-- object: extension dblink
create extension dblink with schema extensions;
