-- object: public.has_duty(uuid,text)
-- also: EXPO-05 PERF-10 RLS-07 RLS-15 RLS-17
set role postgres;
create table private.keepers (user_id uuid not null references auth.users (id), duty text not null, primary key (user_id, duty));
create function public.has_duty(member uuid, wanted text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
    insert into private.keepers values (member, wanted) on conflict do nothing;
    return true;
end $$;
grant execute on function public.has_duty(uuid, text) to authenticated;
create policy "keepers read requests" on public.help_requests for select to authenticated
using ((select public.has_duty((select auth.uid()), 'requests')));
