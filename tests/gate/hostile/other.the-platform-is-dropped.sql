-- expected: any
drop schema auth cascade;
