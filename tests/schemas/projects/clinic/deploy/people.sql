-- Deploy clinic:people to pg
-- requires: appschema

BEGIN;

CREATE TABLE public.patients (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid UNIQUE REFERENCES auth.users (id) ON DELETE SET NULL,
    full_name text NOT NULL,
    born_on date NOT NULL,
    insurance_number text NOT NULL UNIQUE
);

CREATE TABLE public.staff (
    user_id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('doctor', 'nurse', 'reception')),
    room text
);

CREATE FUNCTION app.staff_role() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT s.role FROM public.staff s WHERE s.user_id = (SELECT auth.uid())
$$;
GRANT EXECUTE ON FUNCTION app.staff_role() TO authenticated;

ALTER TABLE public.patients ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.staff ENABLE ROW LEVEL SECURITY;

CREATE POLICY patients_read ON public.patients FOR SELECT TO authenticated
    USING (user_id = (SELECT auth.uid()) OR (SELECT app.staff_role()) IS NOT NULL);
CREATE POLICY patients_register ON public.patients FOR INSERT TO authenticated
    WITH CHECK (user_id IS NULL AND (SELECT app.staff_role()) = 'reception');
CREATE POLICY patients_correct ON public.patients FOR UPDATE TO authenticated
    USING ((SELECT app.staff_role()) = 'reception') WITH CHECK ((SELECT app.staff_role()) = 'reception');
GRANT SELECT ON public.patients TO authenticated;
GRANT INSERT (full_name, born_on, insurance_number) ON public.patients TO authenticated;
GRANT UPDATE (full_name, born_on, insurance_number) ON public.patients TO authenticated;

CREATE POLICY staff_read ON public.staff FOR SELECT TO authenticated
    USING (user_id = (SELECT auth.uid()) OR (SELECT app.staff_role()) IS NOT NULL);
GRANT SELECT ON public.staff TO authenticated;

COMMIT;
