-- Deploy clinic:notes to pg
-- requires: appointments

BEGIN;

CREATE TABLE public.clinical_notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appointment_id bigint NOT NULL REFERENCES public.appointments (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES public.staff (user_id) ON DELETE CASCADE,
    finding text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX clinical_notes_appointment_id_idx ON public.clinical_notes (appointment_id);
CREATE INDEX clinical_notes_author_id_idx ON public.clinical_notes (author_id);

ALTER TABLE public.clinical_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY notes_doctors ON public.clinical_notes FOR SELECT TO authenticated
    USING ((SELECT app.staff_role()) IN ('doctor', 'nurse'));
CREATE POLICY notes_write ON public.clinical_notes FOR INSERT TO authenticated
    WITH CHECK (author_id = (SELECT auth.uid()) AND (SELECT app.staff_role()) = 'doctor');
GRANT SELECT ON public.clinical_notes TO authenticated;
GRANT INSERT (appointment_id, author_id, finding) ON public.clinical_notes TO authenticated;

COMMIT;
