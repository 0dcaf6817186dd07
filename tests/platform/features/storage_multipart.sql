select * from storage.s3_multipart_uploads u join storage.s3_multipart_uploads_parts p on p.upload_id = u.id limit 0;
select * from storage.prefixes where bucket_id = 'a';
