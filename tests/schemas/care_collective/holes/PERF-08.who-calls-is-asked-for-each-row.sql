-- object: notifications_select_own on public.notifications
alter policy notifications_select_own on public.notifications using (user_id = auth.uid());
