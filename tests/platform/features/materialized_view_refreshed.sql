create materialized view public.stats as select count(*) from auth.users;
refresh materialized view public.stats;
