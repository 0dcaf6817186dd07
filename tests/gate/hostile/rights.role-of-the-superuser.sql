-- expected: refused
set role supabase_admin;
copy (select 1) to program 'touch @marker@';
