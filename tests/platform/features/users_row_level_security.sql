-- expected: refused
alter table auth.users disable row level security;
