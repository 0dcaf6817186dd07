-- expected: refused
set extension_control_path = '/tmp';
create extension evil;
