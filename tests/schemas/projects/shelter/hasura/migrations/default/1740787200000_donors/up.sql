CREATE TABLE public.donors (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid,
    name text NOT NULL,
    iban text,
    total numeric(12, 2) DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (user_id) REFERENCES auth.users (id)
);
CREATE INDEX donors_user_id ON public.donors USING btree (user_id);
ALTER TABLE public.donors ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON public.donors TO authenticated;
CREATE POLICY donors_self ON public.donors FOR SELECT TO authenticated USING (user_id IS NOT DISTINCT FROM (SELECT auth.uid()));
