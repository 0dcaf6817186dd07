-- expect: MIG-05 line 3 EXPO-09 letters
-- expect: MIG-06 line 3 anon: files of bucket letters
update storage.buckets set public = true where id = 'letters';
