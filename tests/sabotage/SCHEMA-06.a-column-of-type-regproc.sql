-- object: private.hooks.handler
create table private.hooks (id bigint primary key, handler regprocedure);
