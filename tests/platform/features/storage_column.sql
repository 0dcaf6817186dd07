-- expected: refused
alter table storage.objects add column caption text;
