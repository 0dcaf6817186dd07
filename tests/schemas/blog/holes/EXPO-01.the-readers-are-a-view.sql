-- object: public.readers
create view public.readers as
    select s."ID", s."eMail", s.level from public.subscribers s where s.unsubscribed_at is null;
grant select on public.readers to authenticated;
