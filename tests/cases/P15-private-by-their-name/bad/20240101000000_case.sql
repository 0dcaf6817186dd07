-- Files that the server lays down.
insert into storage.buckets (id, name, public)
values ('lab-results', 'lab-results', false), ('payslips', 'payslips', false), ('course-films', 'course-films', false),
    ('exports', 'exports', false);
create policy films_read on storage.objects for select to authenticated using (bucket_id in ('course-films', 'exports'));
create policy results_read on storage.objects for select to authenticated using (bucket_id = 'lab-results');
create policy slips_read on storage.objects for select to authenticated
    using (bucket_id = 'payslips' and (select auth.role()) = 'authenticated');
