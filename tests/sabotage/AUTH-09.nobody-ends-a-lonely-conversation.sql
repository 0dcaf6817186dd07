-- also: MSG-01
drop trigger end_lonely_conversations on public.conversation_participants;
