-- expect: MIG-08 line 2 revoke: *
revoke select (phone) on public.profiles from authenticated;
