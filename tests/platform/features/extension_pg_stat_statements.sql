create extension if not exists pg_stat_statements with schema extensions;
select count(*) from extensions.pg_stat_statements;
