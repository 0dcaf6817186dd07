-- What new tables and functions are given is said table by table, as in projects since May 2026.
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on functions from anon, authenticated;
alter default privileges for role postgres revoke execute on functions from public;

CREATE TABLE "Singer" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "voice" TEXT NOT NULL,
    CONSTRAINT "Singer_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Singer_id_fkey" FOREIGN KEY ("id") REFERENCES auth.users ("id") ON DELETE CASCADE,
    CONSTRAINT "Singer_voice_check" CHECK ("voice" IN ('soprano', 'alto', 'tenor', 'bass'))
);
ALTER TABLE "Singer" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "singers see themselves" ON "Singer" FOR SELECT TO authenticated USING ("id" = (SELECT auth.uid()));
CREATE POLICY "singers change themselves" ON "Singer" FOR UPDATE TO authenticated
    USING ("id" = (SELECT auth.uid())) WITH CHECK ("id" = (SELECT auth.uid()));

CREATE TABLE "Rehearsal" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
    "startsAt" TIMESTAMPTZ(3) NOT NULL,
    "place" TEXT NOT NULL,
    CONSTRAINT "Rehearsal_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "Rehearsal" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "everybody sees rehearsals" ON "Rehearsal" FOR SELECT TO anon, authenticated USING (true);

GRANT SELECT, UPDATE ("name", "voice") ON "Singer" TO authenticated;
GRANT SELECT ON "Rehearsal" TO anon, authenticated;
GRANT ALL ON "Singer", "Rehearsal" TO service_role;
