-- expected: refused
alter table storage.objects disable row level security;
