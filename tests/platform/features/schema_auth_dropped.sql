-- expected: refused
drop schema auth cascade;
