-- expect: MIG-07 line 2 ban-drop-view: public.my_requests
drop view public.my_requests;
