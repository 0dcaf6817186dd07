-- expected: harmless
prepare _pg3_0 as select 1;
deallocate all;
prepare _pg3_1 as select 2;
