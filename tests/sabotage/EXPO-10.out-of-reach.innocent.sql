-- Without usage of its schema nobody gets at it.
create schema cron;
create function cron.schedule(schedule text, command text) returns bigint language sql as 'select 1::bigint';
create schema jobs;
create extension dblink with schema jobs;
create function public.dblink_of(thing text) returns text language sql immutable set search_path = '' as 'select thing';
