create table public.attachments (id int, object_id uuid references storage.objects (id) on delete cascade);
