-- object: private.is_approved()
alter function private.is_approved() immutable;
