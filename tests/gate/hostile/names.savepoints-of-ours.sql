-- expected: harmless
savepoint audit_looks;
savepoint act;
savepoint question;
release savepoint audit_looks;
