create extension if not exists "wrappers" with schema "extensions";
create foreign data wrapper stripe_wrapper handler extensions.stripe_fdw_handler validator extensions.stripe_fdw_validator;
create server stripe_server foreign data wrapper stripe_wrapper options (api_key_name 'stripe_key');
create schema stripe;
create foreign table stripe.customers (id text, email text, created timestamp) server stripe_server
    options (object 'customers', rowid_column 'id');
