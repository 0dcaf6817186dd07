-- expected: refused
set dynamic_library_path = '/tmp';
