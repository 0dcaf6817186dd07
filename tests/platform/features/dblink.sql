create extension if not exists dblink with schema extensions;
create function public.remote_count() returns bigint language sql as $$
    select n from extensions.dblink('host=db.example.org password=x', 'select count(*) from t') as remote (n bigint)
$$;
