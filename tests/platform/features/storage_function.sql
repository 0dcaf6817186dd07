-- expected: refused
create function storage.is_image(name text) returns boolean language sql as $$ select storage.extension(name) = 'png' $$;
