-- expected: refused
commit;
alter system set archive_command = 'touch @marker@';
