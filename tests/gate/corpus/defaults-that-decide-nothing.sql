alter table public.profiles alter column verification_status set default 'rejected';
alter table public.profiles alter column is_admin set default false;
alter table public.profiles alter column location set default 'approved';
