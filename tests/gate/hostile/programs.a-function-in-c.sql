-- expected: refused
create function public.run(text) returns integer language c as 'libc.so.6', 'system';
