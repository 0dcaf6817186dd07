-- object: public.latest_words
-- also: EXPO-02
set role postgres;
create materialized view public.latest_words as
select distinct on (m.conversation_id) m.conversation_id, jsonb_build_object('said', m.content) as about
from public.messages m order by m.conversation_id, m.created_at desc;
grant select on public.latest_words to authenticated;
