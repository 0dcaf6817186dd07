-- object: drafts
update storage.buckets set public = true where id = 'drafts';
