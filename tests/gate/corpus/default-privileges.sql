-- expect: MIG-05 line 2 EXPO-13 *
alter default privileges in schema public grant select on tables to anon;
