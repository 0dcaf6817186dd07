-- object: public.phone_book
-- also: CONTACT-08 EXPO-11
set role postgres;
create materialized view private.phone_book as select p.id, p.phone from public.profiles p;
create view public.phone_book as select * from private.phone_book;
grant select on public.phone_book to anon;
