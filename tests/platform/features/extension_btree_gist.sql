create extension if not exists btree_gist with schema extensions;
create table public.bookings (room int, during tstzrange, exclude using gist (room with =, during with &&));
insert into public.bookings values (1, '[2025-01-01,2025-01-02)');
