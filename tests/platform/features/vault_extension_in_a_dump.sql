create extension if not exists "supabase_vault" with schema "vault";
