-- expected: refused
create extension file_fdw;
