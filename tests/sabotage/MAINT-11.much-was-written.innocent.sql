-- on: clone
create function public.first_word(text) returns text language sql immutable return split_part($1, ' ', 1);
revoke all on function public.first_word(text) from public, anon, authenticated;
alter function public.first_word(text) owner to postgres;
create index messages_first_word on public.messages (public.first_word(content));
update public.messages set content = 'other ' || content;
delete from public.messages where status = 'read';
select pg_catalog.pg_stat_force_next_flush();
vacuum analyze public.messages;
