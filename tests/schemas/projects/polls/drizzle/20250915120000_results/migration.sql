CREATE MATERIALIZED VIEW "vote_log" AS (
	select v.poll_id, v.option_id, v.voter_id, u.email, v.voted_at
	from votes v join auth.users u on u.id = v.voter_id
);
--> statement-breakpoint
GRANT SELECT ON "vote_log" TO authenticated;
--> statement-breakpoint
CREATE POLICY "votes_correct" ON "votes" AS PERMISSIVE FOR UPDATE TO public USING (voter_id = (select auth.uid())) WITH CHECK (voter_id = (select auth.uid()));
--> statement-breakpoint
GRANT UPDATE ("option_id") ON "votes" TO authenticated;
