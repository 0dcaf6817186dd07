-- expected: absent
create extension pg_tle;
select pgtle.install_extension('my-own-helpers', '0.1', 'helpers', 'select 1;');
create extension "my-own-helpers";
