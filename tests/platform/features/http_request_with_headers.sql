create extension http with schema extensions;
select (extensions.http((
    'POST', 'https://example.org', array[extensions.http_header('Authorization', 'Bearer x')], 'application/json', '{}'
)::extensions.http_request)).status;
