create extension if not exists pgaudit with schema extensions;
alter role postgres set pgaudit.log to 'write, ddl';
