alter database postgres set timezone to 'UTC';
