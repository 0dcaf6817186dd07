-- expected: refused
create role mightier nologin;
grant mightier to postgres;
alter table public.messages owner to mightier;
revoke all on public.messages from postgres, audit_stand_in;
revoke mightier from postgres;
