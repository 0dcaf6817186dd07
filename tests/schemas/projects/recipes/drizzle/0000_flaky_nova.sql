CREATE TYPE "public"."visibility" AS ENUM('private', 'household', 'everyone');--> statement-breakpoint
CREATE TABLE "profiles" (
	"id" uuid PRIMARY KEY NOT NULL,
	"nickname" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "profiles" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "recipes" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"author_id" uuid DEFAULT auth.uid() NOT NULL,
	"title" varchar(160) NOT NULL,
	"servings" integer DEFAULT 4 NOT NULL,
	"visibility" "visibility" DEFAULT 'private' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "servings_positive" CHECK ("recipes"."servings" > 0)
);
--> statement-breakpoint
ALTER TABLE "recipes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "ingredients" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "ingredients_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"recipe_id" uuid NOT NULL,
	"name" text NOT NULL,
	"amount" numeric(10, 3),
	"unit" text
);
--> statement-breakpoint
ALTER TABLE "ingredients" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "profiles" ADD CONSTRAINT "profiles_id_users_id_fk" FOREIGN KEY ("id") REFERENCES "auth"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recipes" ADD CONSTRAINT "recipes_author_id_profiles_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."profiles"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ingredients" ADD CONSTRAINT "ingredients_recipe_id_recipes_id_fk" FOREIGN KEY ("recipe_id") REFERENCES "public"."recipes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "recipes_author_id_idx" ON "recipes" USING btree ("author_id");--> statement-breakpoint
CREATE INDEX "ingredients_recipe_id_idx" ON "ingredients" USING btree ("recipe_id");--> statement-breakpoint
CREATE POLICY "profiles_own" ON "profiles" AS PERMISSIVE FOR SELECT TO "authenticated" USING ((select auth.uid()) = "profiles"."id");--> statement-breakpoint
CREATE POLICY "profiles_rename" ON "profiles" AS PERMISSIVE FOR UPDATE TO "authenticated" USING ((select auth.uid()) = "profiles"."id") WITH CHECK ((select auth.uid()) = "profiles"."id");--> statement-breakpoint
CREATE POLICY "recipes_read" ON "recipes" AS PERMISSIVE FOR SELECT TO "anon", "authenticated" USING ("recipes"."visibility" = 'everyone' or (select auth.uid()) = "recipes"."author_id");--> statement-breakpoint
CREATE POLICY "recipes_insert" ON "recipes" AS PERMISSIVE FOR INSERT TO "authenticated" WITH CHECK ((select auth.uid()) = "recipes"."author_id");--> statement-breakpoint
CREATE POLICY "recipes_update" ON "recipes" AS PERMISSIVE FOR UPDATE TO "authenticated" USING ((select auth.uid()) = "recipes"."author_id") WITH CHECK ((select auth.uid()) = "recipes"."author_id");--> statement-breakpoint
CREATE POLICY "recipes_delete" ON "recipes" AS PERMISSIVE FOR DELETE TO "authenticated" USING ((select auth.uid()) = "recipes"."author_id");--> statement-breakpoint
CREATE POLICY "ingredients_read" ON "ingredients" AS PERMISSIVE FOR SELECT TO "anon", "authenticated" USING (exists (select 1 from "recipes" where "recipes"."id" = "ingredients"."recipe_id"));--> statement-breakpoint
CREATE POLICY "ingredients_insert" ON "ingredients" AS PERMISSIVE FOR INSERT TO "authenticated" WITH CHECK (exists (select 1 from "recipes" where "recipes"."id" = "ingredients"."recipe_id" and "recipes"."author_id" = (select auth.uid())));--> statement-breakpoint
CREATE POLICY "ingredients_delete" ON "ingredients" AS PERMISSIVE FOR DELETE TO "authenticated" USING (exists (select 1 from "recipes" where "recipes"."id" = "ingredients"."recipe_id" and "recipes"."author_id" = (select auth.uid())));
