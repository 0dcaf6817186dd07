-- also: PERF-10
set role postgres;
create table private.keepers (user_id uuid not null references auth.users (id), duty text not null, primary key (user_id, duty));
create function public.has_duty(member uuid, wanted text) returns boolean
language sql stable security definer set search_path = ''
as 'select exists (select from private.keepers k where k.user_id = member and k.duty = wanted)';
grant execute on function public.has_duty(uuid, text) to authenticated;
create policy "keepers read requests" on public.help_requests for select to authenticated
using ((select public.has_duty((select auth.uid()), 'requests')));
