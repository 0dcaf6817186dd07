-- No role of the API may call it by itself: what the API serves does, and then there is somebody.
set role postgres;
create table private.stamps (
    id bigint generated always as identity primary key, given_by uuid not null default auth.uid(), label text not null
);
create function private.stamp(label text) returns void language plpgsql security definer set search_path = ''
as $$ begin insert into private.stamps (given_by, label) values (auth.uid(), stamp.label); end $$;
revoke execute on function private.stamp(text) from public;
create function public.stamp_mine() returns void language plpgsql security definer set search_path = '' as $$ begin
    if auth.uid() is null then raise exception 'sign in first' using errcode = 'insufficient_privilege'; end if;
    perform private.stamp('mine');
end $$;
grant execute on function public.stamp_mine() to authenticated;
