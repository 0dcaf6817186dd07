-- object: public.notifications_of_member
create index notifications_of_member on public.notifications (user_id);
