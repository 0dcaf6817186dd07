-- object: exports_select on public.data_export_requests
-- also: RLS-07 RLS-13 RLS-15
alter policy exports_select on public.data_export_requests using (true);
