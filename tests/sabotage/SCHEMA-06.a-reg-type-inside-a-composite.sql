-- object: private.hooks.handlers
create type private.handler as (called regproc, times integer);
create table private.hooks (id bigint primary key, handlers private.handler[]);
