-- expect: MIG-06 line 3 default of public.profiles.verification_status
-- expect: MIG-06 line 4 default of public.profiles.is_admin
alter table public.profiles alter column verification_status set default 'approved';
alter table public.profiles alter column is_admin set default true;
