-- expected: refused
create or replace function realtime.topic() returns text language sql as $$ select 'x' $$;
