-- object: public.all_messages
-- also: EXPO-11
create role readers;
alter role authenticated inherit;
grant readers to authenticated;
set role postgres;
create view public.all_messages as select m.id, m.content from public.messages m;
grant select on public.all_messages to readers;
