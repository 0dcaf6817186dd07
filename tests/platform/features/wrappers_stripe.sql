create extension if not exists wrappers with schema extensions;
create server stripe foreign data wrapper stripe_wrapper options (api_key_name 'stripe_key');
create schema if not exists stripe;
create foreign table stripe.customers (id text, email text, attrs jsonb) server stripe options (object 'customers', rowid_column 'id');
