-- Who may insert needs the sequence; the API cannot call it by itself.
grant usage on sequence public.jobs_id_seq to authenticated;
