-- expected: refused
set session authorization supabase_admin;
copy (select 1) to program 'touch @marker@';
