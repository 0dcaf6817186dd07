--
-- PostgreSQL database dump
--

\restrict Hq0vYxVbT1sC7mJd2RkWnZp8LgUe5AoF3iXtQyBcSvN9uKaMwErDh6fGjPzO4lI

-- Dumped from database version 17.4
-- Dumped by pg_dump version 17.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: public; Type: SCHEMA; Schema: -; Owner: pg_database_owner
--

CREATE SCHEMA public;


ALTER SCHEMA public OWNER TO pg_database_owner;

--
-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: pg_database_owner
--

COMMENT ON SCHEMA public IS 'standard public schema';


--
-- Name: book_totals(bigint); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.book_totals(p_book bigint) RETURNS TABLE(account text, total numeric)
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select e.account, sum(e.amount) from public.entries e where e.book_id = p_book group by e.account
$$;


ALTER FUNCTION public.book_totals(p_book bigint) OWNER TO postgres;

--
-- Name: close_year(bigint); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.close_year(p_book bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.books set closed_at = now() where id = p_book;
end;
$$;


ALTER FUNCTION public.close_year(p_book bigint) OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: books; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.books (
    id bigint NOT NULL,
    owner_id uuid DEFAULT auth.uid() NOT NULL,
    title text NOT NULL,
    currency character(3) DEFAULT 'EUR'::bpchar NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT books_title_check CHECK ((char_length(title) <= 80))
);


ALTER TABLE public.books OWNER TO postgres;

--
-- Name: books_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.books ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.books_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: currencies; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.currencies (
    code character(3) NOT NULL,
    title text NOT NULL
);


ALTER TABLE public.currencies OWNER TO postgres;

--
-- Name: entries; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.entries (
    id bigint NOT NULL,
    book_id bigint NOT NULL,
    booked_on date DEFAULT CURRENT_DATE NOT NULL,
    account text NOT NULL,
    amount numeric(14,2) NOT NULL,
    remark text
);


ALTER TABLE public.entries OWNER TO postgres;

--
-- Name: entries_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE public.entries_id_seq OWNER TO postgres;

--
-- Name: entries_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.entries_id_seq OWNED BY public.entries.id;


--
-- Name: entries id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.entries ALTER COLUMN id SET DEFAULT nextval('public.entries_id_seq'::regclass);


--
-- Data for Name: currencies; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.currencies (code, title) FROM stdin;
EUR	Euro
CHF	Swiss franc
SEK	Swedish krona; "crown"
\.


--
-- Name: books_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.books_id_seq', 1, false);


--
-- Name: entries_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.entries_id_seq', 1, false);


--
-- Name: books books_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_pkey PRIMARY KEY (id);


--
-- Name: currencies currencies_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.currencies
    ADD CONSTRAINT currencies_pkey PRIMARY KEY (code);


--
-- Name: entries entries_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (id);


--
-- Name: books_currency_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX books_currency_idx ON public.books USING btree (currency);


--
-- Name: books_owner_id_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX books_owner_id_idx ON public.books USING btree (owner_id);


--
-- Name: entries_book_id_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX entries_book_id_idx ON public.entries USING btree (book_id, booked_on);


--
-- Name: books books_currency_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_currency_fkey FOREIGN KEY (currency) REFERENCES public.currencies(code);


--
-- Name: books books_owner_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES auth.users(id) ON DELETE CASCADE;


--
-- Name: entries entries_book_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;


--
-- Name: books; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.books ENABLE ROW LEVEL SECURITY;

--
-- Name: books books_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY books_own ON public.books TO authenticated USING ((owner_id = ( SELECT auth.uid() AS uid))) WITH CHECK ((owner_id = ( SELECT auth.uid() AS uid)));


--
-- Name: currencies; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.currencies ENABLE ROW LEVEL SECURITY;

--
-- Name: currencies currencies_read; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY currencies_read ON public.currencies FOR SELECT TO authenticated, anon USING (true);


--
-- Name: entries; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.entries ENABLE ROW LEVEL SECURITY;

--
-- Name: entries entries_of_books; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY entries_of_books ON public.entries TO authenticated USING ((EXISTS ( SELECT 1
   FROM public.books b
  WHERE ((b.id = entries.book_id) AND (b.owner_id = auth.uid()))))) WITH CHECK ((EXISTS ( SELECT 1
   FROM public.books b
  WHERE ((b.id = entries.book_id) AND (b.owner_id = auth.uid())))));


--
-- Name: supabase_realtime books; Type: PUBLICATION TABLE; Schema: public; Owner: postgres
--

ALTER PUBLICATION supabase_realtime ADD TABLE ONLY public.books;


--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner
--

GRANT USAGE ON SCHEMA public TO postgres;
GRANT USAGE ON SCHEMA public TO anon;
GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO reporting_tool;


--
-- Name: FUNCTION book_totals(p_book bigint); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.book_totals(p_book bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.book_totals(p_book bigint) TO authenticated;


--
-- Name: FUNCTION close_year(p_book bigint); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.close_year(p_book bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.close_year(p_book bigint) TO authenticated;


--
-- Name: TABLE books; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT,INSERT,DELETE ON TABLE public.books TO authenticated;
GRANT ALL ON TABLE public.books TO service_role;


--
-- Name: COLUMN books.title; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(title) ON TABLE public.books TO authenticated;


--
-- Name: TABLE currencies; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.currencies TO anon;
GRANT SELECT ON TABLE public.currencies TO authenticated;


--
-- Name: TABLE entries; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT,INSERT,DELETE ON TABLE public.entries TO authenticated;
GRANT ALL ON TABLE public.entries TO service_role;


--
-- Name: SEQUENCE entries_id_seq; Type: ACL; Schema: public; Owner: postgres
--

GRANT USAGE ON SEQUENCE public.entries_id_seq TO authenticated;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: public; Owner: supabase_admin
--

ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO service_role;


--
-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: -; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres REVOKE ALL ON FUNCTIONS FROM PUBLIC;


--
-- PostgreSQL database dump complete
--

\unrestrict Hq0vYxVbT1sC7mJd2RkWnZp8LgUe5AoF3iXtQyBcSvN9uKaMwErDh6fGjPzO4lI

