--
-- PostgreSQL database dump
--

-- Dumped from database version 17.4
-- Dumped by pg_dump version 17.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET client_min_messages = warning;
SET row_security = off;

CREATE TABLE public.books (
    id bigint NOT NULL,
    title text NOT NULL,
    lender_id uuid NOT NULL
);

ALTER TABLE public.books OWNER TO postgres;

ALTER TABLE public.books ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.books_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_pkey PRIMARY KEY (id);

CREATE INDEX books_lender_id_idx ON public.books USING btree (lender_id);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_lender_id_fkey FOREIGN KEY (lender_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Planted: auth.uid() is called anew for each row.
CREATE POLICY "lenders see their books" ON public.books FOR SELECT TO authenticated USING ((lender_id = auth.uid()));

ALTER TABLE public.books ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA public TO postgres;
GRANT USAGE ON SCHEMA public TO anon;
GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT SELECT ON TABLE public.books TO authenticated;
GRANT ALL ON TABLE public.books TO service_role;

--
-- PostgreSQL database dump complete
--
