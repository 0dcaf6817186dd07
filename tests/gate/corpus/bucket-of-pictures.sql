-- A new bucket that is not public, and a limit for one that is there.
insert into storage.buckets (id, name) values ('posters', 'posters') on conflict (id) do nothing;
update storage.buckets set file_size_limit = 1000000 where id = 'letters';
