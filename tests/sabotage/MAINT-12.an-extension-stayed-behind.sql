-- object: citext
create extension citext schema extensions version '1.4';
