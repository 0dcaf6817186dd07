-- on: runbook
-- text: Call `node scripts/check.js`, and see the [guide](./docs/GUIDE.md).
select 1;
