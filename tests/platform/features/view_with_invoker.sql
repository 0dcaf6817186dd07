create table public.plain (id int);
create view public.plain_view with (security_invoker = on) as select * from public.plain;
