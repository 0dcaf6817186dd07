-- object: public."Old messages"
create table public."Old messages" () inherits (public.messages);
alter table public."Old messages" add primary key (id);
grant select, update on public."Old messages" to anon;
