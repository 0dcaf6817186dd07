-- expected: refused
create index on auth.users ((raw_user_meta_data ->> 'role'));
