-- object: "App; owner"
create role "App; owner";
create function public.greeting() returns text language sql immutable set search_path = '' as $$select 'hello'$$;
alter function public.greeting() owner to "App; owner";
