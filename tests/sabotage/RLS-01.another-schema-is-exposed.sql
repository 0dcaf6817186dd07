-- object: api.notes
-- set: exposed = ["public", "api"]
create schema api;
grant usage on schema api to anon;
create table api.notes (id bigint generated always as identity primary key);
grant select on api.notes to anon;
