ALTER DEFAULT PRIVILEGES IN SCHEMA "public" REVOKE ALL ON TABLES FROM anon, authenticated;
--> statement-breakpoint
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" REVOKE ALL ON SEQUENCES FROM anon, authenticated;
--> statement-breakpoint
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" REVOKE EXECUTE ON FUNCTIONS FROM anon, authenticated;
--> statement-breakpoint
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
--> statement-breakpoint
CREATE TABLE "polls" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"creator_id" uuid NOT NULL DEFAULT auth.uid(),
	"question" text NOT NULL CHECK (length("question") between 5 and 300),
	"closes_at" timestamp with time zone,
	"is_listed" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "options" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"poll_id" uuid NOT NULL,
	"label" text NOT NULL,
	CONSTRAINT "options_poll_id_label_key" UNIQUE ("poll_id","label"),
	CONSTRAINT "options_id_poll_id_key" UNIQUE ("id","poll_id")
);
--> statement-breakpoint
CREATE TABLE "votes" (
	"poll_id" uuid NOT NULL,
	"voter_id" uuid NOT NULL DEFAULT auth.uid(),
	"option_id" uuid NOT NULL,
	"voted_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "votes_pkey" PRIMARY KEY ("poll_id","voter_id")
);
--> statement-breakpoint
ALTER TABLE "polls" ADD CONSTRAINT "polls_creator_id_users_id_fkey" FOREIGN KEY ("creator_id") REFERENCES "auth"."users"("id") ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE "options" ADD CONSTRAINT "options_poll_id_polls_id_fkey" FOREIGN KEY ("poll_id") REFERENCES "polls"("id") ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_option_fkey" FOREIGN KEY ("option_id","poll_id") REFERENCES "options"("id","poll_id") ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_voter_id_users_id_fkey" FOREIGN KEY ("voter_id") REFERENCES "auth"."users"("id") ON DELETE CASCADE;
--> statement-breakpoint
CREATE INDEX "polls_creator_id_idx" ON "polls" ("creator_id");
--> statement-breakpoint
CREATE INDEX "votes_option_idx" ON "votes" ("option_id","poll_id");
--> statement-breakpoint
CREATE INDEX "votes_voter_id_idx" ON "votes" ("voter_id");
--> statement-breakpoint
ALTER TABLE "polls" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "options" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "votes" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT ON "polls", "options" TO anon, authenticated;
--> statement-breakpoint
GRANT INSERT, DELETE ON "polls", "options" TO authenticated;
--> statement-breakpoint
GRANT UPDATE ("question", "closes_at", "is_listed") ON "polls" TO authenticated;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON "votes" TO authenticated;
--> statement-breakpoint
CREATE POLICY "polls_read" ON "polls" AS PERMISSIVE FOR SELECT TO anon, authenticated USING (is_listed or creator_id = (select auth.uid()));
--> statement-breakpoint
CREATE POLICY "polls_insert" ON "polls" AS PERMISSIVE FOR INSERT TO authenticated WITH CHECK (creator_id = (select auth.uid()));
--> statement-breakpoint
CREATE POLICY "polls_update" ON "polls" AS PERMISSIVE FOR UPDATE TO authenticated USING (creator_id = (select auth.uid())) WITH CHECK (creator_id = (select auth.uid()));
--> statement-breakpoint
CREATE POLICY "polls_delete" ON "polls" AS PERMISSIVE FOR DELETE TO authenticated USING (creator_id = (select auth.uid()));
--> statement-breakpoint
CREATE POLICY "options_read" ON "options" AS PERMISSIVE FOR SELECT TO anon, authenticated USING (poll_id in (select p.id from polls p));
--> statement-breakpoint
CREATE POLICY "options_insert" ON "options" AS PERMISSIVE FOR INSERT TO authenticated WITH CHECK (poll_id in (select p.id from polls p where p.creator_id = (select auth.uid())));
--> statement-breakpoint
CREATE POLICY "options_delete" ON "options" AS PERMISSIVE FOR DELETE TO authenticated USING (poll_id in (select p.id from polls p where p.creator_id = (select auth.uid())));
--> statement-breakpoint
CREATE POLICY "votes_own" ON "votes" AS PERMISSIVE FOR SELECT TO authenticated USING (voter_id = (select auth.uid()));
--> statement-breakpoint
CREATE POLICY "votes_cast" ON "votes" AS PERMISSIVE FOR INSERT TO authenticated WITH CHECK (voter_id = (select auth.uid()) and poll_id in (select p.id from polls p where p.closes_at is null or p.closes_at > now()));
--> statement-breakpoint
CREATE POLICY "votes_withdraw" ON "votes" AS PERMISSIVE FOR DELETE TO authenticated USING (voter_id = (select auth.uid()));
