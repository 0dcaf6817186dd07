-- object: public.messages.reminders
alter table public.messages add column reminders timestamp[];
