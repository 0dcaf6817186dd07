-- object: beside the blocks: ./docs/MANUAL.md: not there
-- on: runbook
-- text: See the [manual](./docs/MANUAL.md).
select 1;
