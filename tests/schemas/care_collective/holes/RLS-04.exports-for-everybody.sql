-- object: exports_select on public.data_export_requests
alter policy exports_select on public.data_export_requests using (true);
