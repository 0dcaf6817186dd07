-- object: public."Members (100%) of ""ours""".telephone_no
-- also: EXPO-01 EXPO-11
create view public."Members (100%) of ""ours""" as select name, '(' || phone || ')' as telephone_no from public.profiles;
grant select on public."Members (100%) of ""ours""" to authenticated;
