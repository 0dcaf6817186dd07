-- expect: MIG-05 line 4 RLS-01 public.profiles
-- expect: MIG-05 line 4 *
-- expect: MIG-06 line 4 *: * public.profiles*
alter table public.profiles disable row level security;
