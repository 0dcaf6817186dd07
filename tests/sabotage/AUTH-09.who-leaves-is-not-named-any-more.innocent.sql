-- A conversation keeps no creator: who began it is nobody's business once it goes on.
update public.conversations set created_by = null;
