SET check_function_bodies = false;
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke execute on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;
CREATE TABLE public.animals (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    species text NOT NULL,
    arrived_on date DEFAULT CURRENT_DATE NOT NULL,
    adoptable boolean DEFAULT false NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE FUNCTION public.set_current_timestamp_updated_at() RETURNS trigger
    LANGUAGE plpgsql SET search_path = ''
    AS $$
DECLARE
  _new record;
BEGIN
  _new := NEW;
  _new."updated_at" = NOW();
  RETURN _new;
END;
$$;
ALTER TABLE ONLY public.animals
    ADD CONSTRAINT animals_pkey PRIMARY KEY (id);
CREATE TRIGGER set_public_animals_updated_at BEFORE UPDATE ON public.animals FOR EACH ROW EXECUTE FUNCTION public.set_current_timestamp_updated_at();
COMMENT ON TRIGGER set_public_animals_updated_at ON public.animals IS 'trigger to set value of column "updated_at" to current timestamp on row update';
ALTER TABLE public.animals ENABLE ROW LEVEL SECURITY;
CREATE POLICY animals_shown ON public.animals FOR SELECT TO anon, authenticated USING (adoptable);
GRANT SELECT ON public.animals TO anon, authenticated;
