-- expect: MIG-05 line 3 EXPO-07 *
-- expect: MIG-05 line 3 *
grant all on public.contact_exchange_audit to anon;
