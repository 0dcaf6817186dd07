-- object: public.contacts
-- object: public.contacts_copy
-- also: EXPO-01 EXPO-02 EXPO-11
set role postgres;
create view private.emails as select u.id, u.email from auth.users u;
create view private.letters as select * from private.emails;
create view public.contacts as select * from private.letters;
create materialized view public.contacts_copy as select * from private.letters;
grant select (email) on public.contacts to anon;
grant select on public.contacts_copy to authenticated;
