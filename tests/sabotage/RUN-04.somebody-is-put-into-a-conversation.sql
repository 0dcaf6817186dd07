-- object: *insert conversation_participants: gives access
-- on: runbook
insert into conversation_participants (conversation_id, user_id)
values ('[conversation_id]', '[user_id]')
on conflict do nothing;
