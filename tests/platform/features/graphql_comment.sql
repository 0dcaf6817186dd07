create table public.accounts (id int primary key);
comment on table public.accounts is e'@graphql({"totalCount": {"enabled": true}})';
