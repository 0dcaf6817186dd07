-- object: private."odd ""name"""
create table private."odd ""name""" (id integer, said text);
