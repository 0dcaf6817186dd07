alter table storage.objects enable row level security;
alter table storage.buckets enable row level security;
