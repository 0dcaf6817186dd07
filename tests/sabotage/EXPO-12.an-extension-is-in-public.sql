-- object: citext
create extension citext with schema public;
