-- expected: error 42501
create subscription s connection 'host=example.org' publication p with (connect = false);
