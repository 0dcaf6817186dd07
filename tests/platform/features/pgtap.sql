create extension if not exists pgtap with schema extensions;
select extensions.plan(1);
select extensions.ok(true, 'fine');
select * from extensions.finish();
