-- object: private.newsletter.settings
set role postgres;
create table private.newsletter (id bigint generated always as identity primary key, settings jsonb not null);
insert into private.newsletter (settings)
select jsonb_build_object('to', jsonb_build_array(u.email)) from auth.users u where u.email is not null limit 20;
