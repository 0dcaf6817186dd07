create table private.hooks (id bigint primary key, about regclass, who regrole, kind regtype);
