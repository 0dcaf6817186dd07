-- expected: refused
create extension "../../../tmp/evil";
