-- pgroonga_database: nothing to remove.
-- Source: https://pgroonga.github.io/reference/modules/pgroonga-database.html

create function pgroonga_database_remove() returns boolean language sql return true;
