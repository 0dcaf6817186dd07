-- Deploy clinic:appointments to pg
-- requires: people

BEGIN;

CREATE TABLE public.appointments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES public.patients (id) ON DELETE CASCADE,
    doctor_id uuid NOT NULL REFERENCES public.staff (user_id) ON DELETE CASCADE,
    during tstzrange NOT NULL CHECK (NOT isempty(during)),
    reason text,
    cancelled boolean NOT NULL DEFAULT false
);
CREATE INDEX appointments_patient_id_idx ON public.appointments (patient_id);
CREATE INDEX appointments_doctor_id_idx ON public.appointments (doctor_id);

ALTER TABLE public.appointments ENABLE ROW LEVEL SECURITY;
CREATE POLICY appointments_patient ON public.appointments FOR SELECT TO authenticated
    USING (patient_id IN (SELECT p.id FROM public.patients p WHERE p.user_id = (SELECT auth.uid()))
        OR (SELECT app.staff_role()) IS NOT NULL);
CREATE POLICY appointments_book ON public.appointments FOR INSERT TO authenticated
    WITH CHECK ((SELECT app.staff_role()) = 'reception');
CREATE POLICY appointments_change ON public.appointments FOR UPDATE TO authenticated
    USING ((SELECT app.staff_role()) = 'reception') WITH CHECK ((SELECT app.staff_role()) = 'reception');
GRANT SELECT, INSERT ON public.appointments TO authenticated;
GRANT UPDATE (doctor_id, during, reason, cancelled) ON public.appointments TO authenticated;

COMMIT;
