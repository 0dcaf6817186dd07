-- object: public.member_numbers
-- also: EXPO-01
-- Whoever reads all of it is told of an error; whoever leaves a column out is told telephone numbers.
set role postgres;
create view public.member_numbers as select (name)::integer as number, phone as reachable_at from public.profiles;
grant select on public.member_numbers to authenticated;
