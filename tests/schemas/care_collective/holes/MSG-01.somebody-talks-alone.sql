-- object: 40000000-0000-4000-8000-000000000002
-- also: MSG-02
set local session_replication_role = replica;
delete from public.conversation_participants
where conversation_id = '40000000-0000-4000-8000-000000000002' and user_id = '00000000-0000-4000-8000-000000000004';
set local session_replication_role = origin;
