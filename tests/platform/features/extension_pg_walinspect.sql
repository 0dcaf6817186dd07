create extension pg_walinspect with schema extensions;
