select id, type from storage.buckets where type = 'STANDARD';
