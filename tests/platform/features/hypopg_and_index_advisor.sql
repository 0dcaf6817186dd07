create extension if not exists hypopg with schema extensions;
create extension if not exists index_advisor with schema extensions;
select * from extensions.index_advisor('select 1');
