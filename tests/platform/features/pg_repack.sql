create extension if not exists pg_repack with schema extensions;
