-- expected: any
declare c cursor with hold for select 1;
set session_replication_role = replica;
delete from public.profiles where false;
