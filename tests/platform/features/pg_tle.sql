create extension if not exists pg_tle;
select pgtle.install_extension('helpers', '0.1', 'helpers', 'create function public.helped() returns int language sql as ''select 1'';');
select pgtle.uninstall_extension_if_exists('helpers');
