create extension pg_stat_monitor with schema extensions;
