create extension if not exists plpgsql_check with schema extensions;
