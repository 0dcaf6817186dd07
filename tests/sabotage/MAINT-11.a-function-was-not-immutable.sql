-- object: public.messages_first_word
-- on: clone
create function public.first_word(text) returns text language sql immutable return split_part($1, ' ', 1);
revoke all on function public.first_word(text) from public, anon, authenticated;
alter function public.first_word(text) owner to postgres;
create index messages_first_word on public.messages (public.first_word(content));
create or replace function public.first_word(text) returns text language sql immutable return 'the ' || split_part($1, ' ', 1);
