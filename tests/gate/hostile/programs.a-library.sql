-- expected: refused
load '/tmp/evil.so';
