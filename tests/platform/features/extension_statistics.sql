create extension pgstattuple with schema extensions;
create extension pgrowlocks with schema extensions;
create extension pg_buffercache with schema extensions;
create extension pg_prewarm with schema extensions;
create extension amcheck with schema extensions;
