-- expected: refused
set allow_system_table_mods = on;
