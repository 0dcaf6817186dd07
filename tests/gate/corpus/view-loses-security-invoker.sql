-- expect: MIG-05 line 2 EXPO-01 public.my_requests
alter view public.my_requests reset (security_invoker);
