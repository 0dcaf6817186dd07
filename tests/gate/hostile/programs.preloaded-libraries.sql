-- expected: refused
alter role postgres set session_preload_libraries = 'auto_explain';
set session_preload_libraries = 'auto_explain';
