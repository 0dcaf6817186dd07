-- Planted: nobody has switched row level security on.
CREATE TABLE "Note" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
    "singerId" UUID NOT NULL,
    "text" TEXT NOT NULL,
    CONSTRAINT "Note_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Note_singerId_fkey" FOREIGN KEY ("singerId") REFERENCES "Singer" ("id") ON DELETE CASCADE
);
CREATE INDEX "Note_singerId_idx" ON "Note" ("singerId");
GRANT SELECT, INSERT ON "Note" TO authenticated;
GRANT ALL ON "Note" TO service_role;
