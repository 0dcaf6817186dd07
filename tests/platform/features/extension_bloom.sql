create extension bloom with schema extensions;
create table public.signals (a int, b int, c int);
create index on public.signals using bloom (a, b, c) with (length = 80);
