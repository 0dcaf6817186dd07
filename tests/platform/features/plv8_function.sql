create extension if not exists plv8;
create function public.plus_one(n int) returns int language plv8 immutable as 'return n + 1;';
