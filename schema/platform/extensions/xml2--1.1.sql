-- xml2: without libxml no path finds anything.
-- Source: https://www.postgresql.org/docs/current/xml2.html

create function xml_valid(document text) returns boolean language sql immutable strict
return document ~ '^\s*<';
create function xml_encode_special_chars(text) returns text language sql immutable strict
return pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace($1, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
create function xpath_string(document text, query text) returns text language sql immutable strict return null::text;
create function xpath_nodeset(document text, query text, toptag text, septag text) returns text
    language sql immutable strict return null::text;
create function xpath_nodeset(document text, query text, septag text) returns text
    language sql immutable strict return null::text;
create function xpath_nodeset(document text, query text) returns text language sql immutable strict return null::text;
create function xpath_list(document text, query text, separator text) returns text
    language sql immutable strict return null::text;
create function xpath_list(document text, query text) returns text language sql immutable strict return null::text;
create function xpath_number(document text, query text) returns real language sql immutable strict return null::real;
create function xpath_bool(document text, query text) returns boolean language sql immutable strict return false;
create function xslt_process(document text, stylesheet text, paramlist text) returns text
    language sql immutable strict return document;
create function xslt_process(document text, stylesheet text) returns text language sql immutable strict return document;
