create extension wrappers with schema extensions;
create foreign data wrapper airtable_fdw handler airtable_fdw_handler validator airtable_fdw_validator;
create server airtable foreign data wrapper airtable_fdw options (api_key_name 'key');
