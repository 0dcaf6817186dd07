drop extension if exists "uuid-ossp";
create extension "uuid-ossp" with schema extensions;
comment on extension "uuid-ossp" is 'ids';
