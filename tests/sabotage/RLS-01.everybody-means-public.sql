-- object: public."Notes ""quoted"""
create table public."Notes ""quoted""" (id bigint generated always as identity primary key) partition by range (id);
grant delete on public."Notes ""quoted""" to public;
