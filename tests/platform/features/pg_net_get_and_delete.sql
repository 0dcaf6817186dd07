create extension if not exists pg_net;
select net.http_get('https://example.org/health', params => '{"q": "a b"}', timeout_milliseconds => 2000);
select net.http_delete('https://example.org/items/1');
select status_code, content::text from net._http_response order by created desc limit 1;
