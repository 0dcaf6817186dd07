CREATE TABLE public.adoptions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    animal_id uuid NOT NULL,
    applicant_id uuid DEFAULT auth.uid() NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    letter text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (animal_id) REFERENCES public.animals (id) ON UPDATE restrict ON DELETE cascade,
    FOREIGN KEY (applicant_id) REFERENCES auth.users (id) ON UPDATE restrict ON DELETE cascade,
    CHECK (state = ANY (ARRAY['asked'::text, 'agreed'::text, 'refused'::text]))
);
CREATE INDEX adoptions_animal_id ON public.adoptions USING btree (animal_id);
CREATE INDEX adoptions_applicant_id ON public.adoptions USING btree (applicant_id);
ALTER TABLE public.adoptions ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON public.adoptions TO authenticated;
GRANT INSERT (animal_id, letter) ON public.adoptions TO authenticated;
CREATE POLICY adoptions_read ON public.adoptions FOR SELECT TO authenticated USING (applicant_id = (SELECT auth.uid()));
CREATE POLICY adoptions_ask ON public.adoptions FOR INSERT TO authenticated WITH CHECK (
    applicant_id = (SELECT auth.uid())
    AND EXISTS (SELECT FROM public.animals a WHERE a.id = adoptions.animal_id AND a.adoptable)
);
