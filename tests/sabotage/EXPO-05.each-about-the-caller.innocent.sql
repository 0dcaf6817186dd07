-- Functions that take ids and serve what is the caller's, what the caller sees anyway, or what is nobody's secret.
set role postgres;
alter table public.help_requests add column view_count integer not null default 0;
create function public.name_of(member uuid) returns text language sql stable set search_path = ''
as 'select name from public.profiles where id = member';
create function public.my_phone(user_id uuid) returns text language sql stable security definer set search_path = ''
as 'select p.phone from public.profiles p where p.id = my_phone.user_id and p.id = auth.uid()';
create function public.note_view(request_id uuid) returns void language sql security definer set search_path = ''
as 'update public.help_requests r set view_count = view_count + 1
    where r.id = request_id and r.status = ''open'' and private.is_approved()';
create function public.offer_help(request_id uuid) returns void language sql security definer set search_path = ''
as 'update public.help_requests r set helper_id = auth.uid(), status = ''in_progress''
    where r.id = request_id and r.status = ''open'' and r.user_id <> auth.uid() and private.is_approved()';
create function public.send_as_myself(conversation uuid, words text) returns void
language sql security definer set search_path = ''
as 'insert into public.messages (conversation_id, sender_id, content)
    select c, auth.uid(), words from private.my_conversations() as c where c = conversation';
create function public.requests_of(member uuid) returns bigint language sql stable security definer set search_path = ''
as 'select count(*) from public.help_requests r where r.user_id = member and auth.uid() is not null';
create function public.echo(given text) returns text language sql immutable set search_path = '' as 'select given';
create function public.log_out(everywhere boolean) returns void language plpgsql set search_path = ''
as 'begin raise exception ''not today''; end';
grant execute on function public.name_of(uuid), public.my_phone(uuid), public.note_view(uuid), public.offer_help(uuid),
public.send_as_myself(uuid, text), public.requests_of(uuid), public.echo(text), public.log_out(boolean) to authenticated;
