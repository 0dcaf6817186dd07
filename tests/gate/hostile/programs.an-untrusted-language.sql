-- expected: refused
create extension plpython3u;
