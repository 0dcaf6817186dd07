-- What the CLI makes of the schemas; here, the first of it only.
create table public.allotments (tenant_id uuid primary key references auth.users (id) on delete cascade);
