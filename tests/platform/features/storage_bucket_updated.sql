insert into storage.buckets (id, name, public, avif_autodetection, owner_id) values ('docs', 'docs', false, false, null)
on conflict (id) do update set public = excluded.public, updated_at = now();
update storage.buckets set public = true where id = 'docs';
delete from storage.buckets where id = 'docs';
