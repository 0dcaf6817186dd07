-- expected: absent where there is no libxml
create table public.feeds (id int, body xml);
insert into public.feeds values (1, '<a/>');
