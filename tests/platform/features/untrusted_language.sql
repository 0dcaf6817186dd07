-- expected: error 42501
create function public.c_function() returns int language c as 'x', 'y';
