-- also: EXPO-07
-- As EXPO-13 advises: what was made before has what default privileges gave then.
set role postgres;
alter default privileges in schema public grant all on tables to anon, authenticated;
create table public.ledger (id bigint generated always as identity primary key, said text);
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter table public.ledger enable row level security;
