-- object: beside the blocks: scripts/verify.js: not there
-- on: runbook
-- text: Call `node scripts/verify.js`.
select 1;
