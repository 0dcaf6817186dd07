-- object: beside the blocks: repair_profiles: not there
-- on: runbook
-- text: Then call the function `repair_profiles()`.
select 1;
