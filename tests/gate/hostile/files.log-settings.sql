-- expected: refused
set log_directory = '/tmp';
