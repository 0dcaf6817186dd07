-- expect: MIG-03 line 9 column public.help_requests.user_id
-- expect: MIG-07 line 9 dropped-by-cascade: policy *
-- expect: MIG-07 line 9 dropped-by-cascade: function public.get_request_location(request_id uuid)
-- expect: MIG-07 line 9 dropped-by-cascade: view public.my_requests
-- expect: MIG-07 line 9 used-in-function: function private.keep_life_cycle() uses column public.help_requests.user_id
-- expect: MIG-07 line 9 used-in-function: function private.check_new_exchange() uses column public.help_requests.user_id
-- expect: MIG-07 line 9 ban-drop-column: *
-- expect: MIG-05 line 9 *
alter table public.help_requests drop column user_id cascade;
