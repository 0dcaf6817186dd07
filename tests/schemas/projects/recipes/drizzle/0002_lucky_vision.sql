CREATE TABLE "favourites" (
	"user_id" uuid DEFAULT auth.uid() NOT NULL,
	"recipe_id" uuid NOT NULL,
	"note" text,
	CONSTRAINT "favourites_user_id_recipe_id_pk" PRIMARY KEY("user_id","recipe_id")
);
--> statement-breakpoint
ALTER TABLE "favourites" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "import_log" (
	"source" text NOT NULL,
	"message" text NOT NULL,
	"logged_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "import_log" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "favourites" ADD CONSTRAINT "favourites_user_id_profiles_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."profiles"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "favourites" ADD CONSTRAINT "favourites_recipe_id_recipes_id_fk" FOREIGN KEY ("recipe_id") REFERENCES "public"."recipes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "favourites_recipe_id_idx" ON "favourites" USING btree ("recipe_id");--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON "favourites" TO authenticated;--> statement-breakpoint
CREATE POLICY "favourites_crud" ON "favourites" AS PERMISSIVE FOR ALL TO "authenticated" USING (true) WITH CHECK (true);
