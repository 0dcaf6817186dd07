create extension sslinfo with schema extensions;
select extensions.ssl_is_used();
