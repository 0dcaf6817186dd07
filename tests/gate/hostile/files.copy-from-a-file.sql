-- expected: refused
create table public.t (line text);
copy public.t from '/etc/passwd';
