create extension if not exists unaccent with schema extensions;
create function public.plain(text) returns text language sql immutable as $$ select extensions.unaccent('extensions.unaccent', $1) $$;
select public.plain('Ångström');
