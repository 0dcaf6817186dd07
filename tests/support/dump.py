"""A schema of about 200 tables and 400 functions, as ``pg_dump`` writes one, with defects that are planted and listed.

It is what a product has after some years: organisations and their members, and for each thing that they keep a table
with lines, notes, events, tags, watchers, files and settings, with the functions that an API serves. The same seed
gives the same text.

    python -m tests.support.dump 7 > dump.sql
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

NOUNS = (
    "invoice", "quote", "contract", "order", "delivery", "product", "supplier", "customer", "ticket", "project",
    "campaign", "lead", "meeting", "vehicle", "asset", "location", "course", "exam", "job", "shift",
    "expense", "budget", "report", "audit",
)  # fmt: skip
SERVER = "postgres"
HEAD = """--
-- PostgreSQL database dump
--

\\restrict {token}

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
-- Name: private; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA private;


ALTER SCHEMA private OWNER TO postgres;

--
-- Name: pgcrypto; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA extensions;


--
-- Name: EXTENSION pgcrypto; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';


"""
TAIL = """--
-- PostgreSQL database dump complete
--

\\unrestrict {token}

"""

ME = "( SELECT auth.uid() AS uid)"


@dataclass(frozen=True)
class Column:
    """A column as a CREATE TABLE of a dump has it."""

    name: str
    type: str
    rest: str = " NOT NULL"

    def __str__(self) -> str:
        return f"    {self.name} {self.type}{self.rest}"


@dataclass
class Table:
    """A table, and all that a dump says of it in later sections."""

    name: str
    columns: list[Column]
    key: tuple[str, ...]
    unique: list[tuple[str, ...]] = field(default_factory=list)
    refers: list[tuple[str, str, str]] = field(default_factory=list)  # column, table, what happens on delete
    indexed: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    policies: list[tuple[str, str, str, str]] = field(default_factory=list)  # name, command, using, check
    grants: list[tuple[str, str]] = field(default_factory=list)  # rights, roles
    checks: list[tuple[str, str]] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    identity: bool = False
    guarded: bool = True


@dataclass(frozen=True)
class Function:
    """A function: its name with arguments as GRANT writes them, its definition, and who may execute it."""

    signature: str
    text: str
    roles: tuple[str, ...] = ("authenticated",)


@dataclass
class Dump:
    """The text of a dump, and what is wrong with it: of each defect, what it is and the findings that tell it."""

    text: str
    planted: dict[str, tuple[str, ...]]


def function(
    name: str, arguments: str, returns: str, body: str, *, language: str = "sql", words: str = "",
    roles: tuple[str, ...] = ("authenticated",), path: str = "SET search_path TO ''",
) -> Function:  # fmt: skip
    """Return a function as a dump has it; ``arguments`` with their names and defaults."""
    types = ", ".join(each.split(" DEFAULT")[0] for each in arguments.split(", ")) if arguments else ""
    settings = "\n    ".join(filter(None, (f"LANGUAGE {language}{' ' + words if words else ''}", path)))
    text = f"CREATE FUNCTION {name}({arguments}) RETURNS {returns}\n    {settings}\n    AS $$\n{body.rstrip()}\n$$;\n"
    return Function(f"{name}({types})", text, roles)


def base() -> list[Table]:
    """Return the tables that all others stand on."""
    moment = Column("created_at", "timestamp with time zone", " DEFAULT now() NOT NULL")
    listed = [("countries", 30), ("currencies", 20), ("plans", 4)]
    tables = [
        Table(
            name,
            [Column("code", "text"), Column("title", "text")],
            ("code",),
            policies=[(f"{name}_read", "SELECT", "true", "")],
            grants=[("SELECT", "anon"), ("SELECT", "authenticated")],
            rows=[(f"{name[:2]}{number:02}", f"{name[:-1]} no. {number}") for number in range(count)],
        )
        for name, count in listed
    ]
    tables += [
        Table(
            "profiles",
            [Column("id", "uuid"), Column("full_name", "text", " DEFAULT ''::text NOT NULL"), moment],
            ("id",),
            refers=[("id", "auth.users", "CASCADE")],
            policies=[
                ("profiles_read", "SELECT", f"((id = {ME}) OR private.is_colleague(id))", ""),
                ("profiles_edit", "UPDATE", f"(id = {ME})", f"(id = {ME})"),
            ],
            grants=[("SELECT,UPDATE(full_name)", "authenticated")],
        ),
        Table(
            "organisations",
            [
                Column("id", "uuid", " DEFAULT gen_random_uuid() NOT NULL"), Column("name", "text"),
                Column("plan", "text", " DEFAULT 'pl00'::text NOT NULL"), Column("country", "text", ""), moment,
            ],
            ("id",),
            refers=[("plan", "public.plans", "RESTRICT"), ("country", "public.countries", "SET NULL")],
            indexed=["plan", "country"],
            policies=[("organisations_read", "SELECT", "private.is_member(id)", "")],
            grants=[("SELECT", "authenticated")],
        ),
        Table(
            "members",
            [
                Column("org_id", "uuid"), Column("user_id", "uuid"),
                Column("role", "public.member_role", " DEFAULT 'member'::public.member_role NOT NULL"), moment,
            ],
            ("org_id", "user_id"),
            refers=[("org_id", "public.organisations", "CASCADE"), ("user_id", "public.profiles", "CASCADE")],
            indexed=["user_id"],
            policies=[("members_read", "SELECT", "private.is_member(org_id)", "")],
            grants=[("SELECT", "authenticated")],
        ),
        Table(
            "invitations",
            [
                Column("id", "uuid", " DEFAULT gen_random_uuid() NOT NULL"), Column("org_id", "uuid"),
                Column("email", "text"), Column("role", "public.member_role"), Column("invited_by", "uuid", ""), moment,
            ],
            ("id",),
            refers=[("org_id", "public.organisations", "CASCADE"), ("invited_by", "public.profiles", "SET NULL")],
            indexed=["org_id", "invited_by"],
            policies=[("invitations_read", "SELECT", "private.is_admin(org_id)", "")],
            grants=[("SELECT", "authenticated")],
        ),
        Table(
            "api_keys",
            [
                Column("id", "uuid", " DEFAULT gen_random_uuid() NOT NULL"), Column("org_id", "uuid"),
                Column("digest", "bytea"), Column("last_used_at", "timestamp with time zone", ""), moment,
            ],
            ("id",),
            refers=[("org_id", "public.organisations", "CASCADE")],
            indexed=["org_id"],
        ),
    ]  # fmt: skip
    return tables


def base_functions() -> list[Function]:
    """Return the functions that policies call, those of signing up, and those of joining."""
    members = "SELECT EXISTS (SELECT 1 FROM public.members m WHERE m.org_id = p_org AND m.user_id = (SELECT auth.uid())"
    definer = "STABLE SECURITY DEFINER"
    return [
        function("private.is_member", "p_org uuid", "boolean", f"  {members})", words=definer),
        function(
            "private.is_admin", "p_org uuid", "boolean",
            f"  {members} AND m.role IN ('owner', 'admin'))", words=definer,
        ),
        function(
            "private.may_write", "p_org uuid", "boolean",
            f"  {members} AND m.role <> 'viewer')", words=definer,
        ),
        function(
            "private.is_colleague", "p_user uuid", "boolean",
            "  SELECT EXISTS (SELECT 1 FROM public.members mine JOIN public.members theirs USING (org_id)\n"
            "    WHERE mine.user_id = (SELECT auth.uid()) AND theirs.user_id = p_user)",
            words=definer,
        ),
        function(
            "private.handle_new_user", "", "trigger",
            "BEGIN\n  INSERT INTO public.profiles (id, full_name)\n"
            "  VALUES (NEW.id, COALESCE(NEW.raw_user_meta_data ->> 'full_name', ''));\n  RETURN NEW;\nEND;",
            language="plpgsql", words="SECURITY DEFINER", roles=(),
        ),
        function(
            "private.touch", "", "trigger", "BEGIN\n  NEW.updated_at := now();\n  RETURN NEW;\nEND;",
            language="plpgsql", roles=(),
        ),
        function(
            "public.create_organisation", "p_name text", "uuid",
            "DECLARE\n  v_id uuid;\nBEGIN\n  IF (SELECT auth.uid()) IS NULL THEN\n"
            "    RAISE EXCEPTION 'not signed in' USING ERRCODE = '42501';\n  END IF;\n"
            "  INSERT INTO public.organisations (name) VALUES (p_name) RETURNING id INTO v_id;\n"
            "  INSERT INTO public.members (org_id, user_id, role) VALUES (v_id, (SELECT auth.uid()), 'owner');\n"
            "  RETURN v_id;\nEND;",
            language="plpgsql", words="SECURITY DEFINER",
        ),
        function(
            "public.invite", "p_org uuid, p_email text, p_role public.member_role", "uuid",
            "DECLARE\n  v_id uuid;\nBEGIN\n  IF NOT private.is_admin(p_org) OR p_role = 'owner' THEN\n"
            "    RAISE EXCEPTION 'not allowed' USING ERRCODE = '42501';\n  END IF;\n"
            "  INSERT INTO public.invitations (org_id, email, role, invited_by)\n"
            "  VALUES (p_org, lower(p_email), p_role, (SELECT auth.uid())) RETURNING id INTO v_id;\n"
            "  RETURN v_id;\nEND;",
            language="plpgsql", words="SECURITY DEFINER",
        ),
        function(
            "public.accept_invitation", "p_id uuid", "void",
            "DECLARE\n  v_found public.invitations;\nBEGIN\n"
            "  DELETE FROM public.invitations i WHERE i.id = p_id AND i.email = lower((SELECT auth.email()))\n"
            "  RETURNING * INTO v_found;\n  IF v_found.id IS NULL THEN\n    RAISE EXCEPTION 'no such invitation';\n"
            "  END IF;\n  INSERT INTO public.members (org_id, user_id, role)\n"
            "  VALUES (v_found.org_id, (SELECT auth.uid()), v_found.role) ON CONFLICT DO NOTHING;\nEND;",
            language="plpgsql", words="SECURITY DEFINER",
        ),
        function(
            "public.leave_organisation", "p_org uuid", "void",
            "  DELETE FROM public.members m\n"
            "  WHERE m.org_id = p_org AND m.user_id = (SELECT auth.uid()) AND m.role <> 'owner'",
            words="SECURITY DEFINER",
        ),
        function(
            "public.my_organisations", "", "SETOF public.organisations",
            "  SELECT o.* FROM public.organisations o JOIN public.members m ON m.org_id = o.id\n"
            "  WHERE m.user_id = (SELECT auth.uid())",
            words="STABLE",
        ),
        function(
            "public.my_role", "p_org uuid", "public.member_role",
            "  SELECT m.role FROM public.members m WHERE m.org_id = p_org AND m.user_id = (SELECT auth.uid())",
            words="STABLE",
        ),
        function(
            "private.forget_invitations", "", "integer",
            "DECLARE\n  v_count integer;\nBEGIN\n"
            "  DELETE FROM public.invitations WHERE created_at < now() - interval '30 days';\n"
            "  GET DIAGNOSTICS v_count = ROW_COUNT;\n  RETURN v_count;\nEND;",
            language="plpgsql", words="SECURITY DEFINER", roles=("service_role",),
        ),
        function(
            "private.key_of", "p_digest bytea", "uuid",
            "  SELECT k.org_id FROM public.api_keys k WHERE k.digest = p_digest",
            words="STABLE SECURITY DEFINER", roles=("service_role",),
        ),
        function(
            "public.country_title", "p_code text", "text",
            "  SELECT c.title FROM public.countries c WHERE c.code = p_code",
            words="STABLE", roles=("anon", "authenticated"),
        ),
        function(
            "public.initials", "p_name text", "text",
            "  SELECT string_agg(left(word, 1), '') FROM regexp_split_to_table(p_name, '\\s+') AS word",
            words="IMMUTABLE STRICT", roles=("anon", "authenticated"),
        ),
    ]  # fmt: skip


def tables_of(noun: str) -> list[Table]:
    """Return the eight tables about one thing that organisations keep."""
    things = f"{noun}s" if not noun.endswith("y") else f"{noun[:-1]}ies"
    thing_id, org = f"{noun}_id", f"private.org_of_{noun}({noun}_id)"
    moment = Column("created_at", "timestamp with time zone", " DEFAULT now() NOT NULL")
    uuid = Column("id", "uuid", " DEFAULT gen_random_uuid() NOT NULL")
    number = Column("id", "bigint")
    parent = (thing_id, f"public.{things}", "CASCADE")

    def child(name: str, columns: list[Column], rights: str, **more: object) -> Table:
        table = Table(
            f"{noun}_{name}", [number, Column(thing_id, "uuid"), *columns, moment], ("id",), identity=True,
            refers=[parent], indexed=[thing_id],
            policies=[(f"{noun}_{name}_read", "SELECT", f"private.is_member({org})", "")],
            grants=[(rights, "authenticated")],
        )  # fmt: skip
        for key, value in more.items():
            getattr(table, key).extend(value)
        return table

    writing = f"private.may_write({org})"
    return [
        Table(
            things,
            [
                uuid, Column("org_id", "uuid"), Column("created_by", "uuid", " DEFAULT auth.uid()"),
                Column("title", "text"), Column("status", "text", " DEFAULT 'draft'::text NOT NULL"),
                Column("currency", "text", ""), Column("amount", "numeric(14,2)", " DEFAULT 0 NOT NULL"),
                Column("due_on", "date", ""), Column("archived_at", "timestamp with time zone", ""), moment,
                Column("updated_at", "timestamp with time zone", " DEFAULT now() NOT NULL"),
            ],
            ("id",),
            refers=[
                ("org_id", "public.organisations", "CASCADE"), ("created_by", "public.profiles", "SET NULL"),
                ("currency", "public.currencies", "RESTRICT"),
            ],
            indexed=["org_id", "created_by", "currency"],
            checks=[
                (f"{things}_status_check", "(status = ANY (ARRAY['draft'::text, 'open'::text, 'closed'::text]))"),
                (f"{things}_title_check", "(char_length(title) <= 200)"),
            ],
            triggers=[
                f"CREATE TRIGGER {things}_touch BEFORE UPDATE ON public.{things} "
                "FOR EACH ROW EXECUTE FUNCTION private.touch();",
                f"CREATE TRIGGER {things}_guard BEFORE UPDATE ON public.{things} "
                f"FOR EACH ROW EXECUTE FUNCTION private.{noun}_guard();",
                f"CREATE TRIGGER {things}_note AFTER INSERT OR UPDATE ON public.{things} "
                f"FOR EACH ROW EXECUTE FUNCTION private.{noun}_note_event();",
            ],
            policies=[
                (f"{things}_read", "SELECT", "private.is_member(org_id)", ""),
                (f"{things}_add", "INSERT", "", f"((created_by = {ME}) AND private.may_write(org_id))"),
                (f"{things}_edit", "UPDATE", "private.may_write(org_id)", "private.may_write(org_id)"),
                (f"{things}_remove", "DELETE", "private.is_admin(org_id)", ""),
            ],
            grants=[("SELECT,INSERT,DELETE,UPDATE(title),UPDATE(status),UPDATE(amount)", "authenticated"),
                    ("UPDATE(due_on),UPDATE(archived_at)", "authenticated")],
        ),
        child(
            "lines",
            [Column("position", "integer", " DEFAULT 1 NOT NULL"), Column("description", "text"),
             Column("quantity", "numeric(12,3)", " DEFAULT 1 NOT NULL"),
             Column("unit_price", "numeric(12,2)", " DEFAULT 0 NOT NULL")],
            "SELECT,INSERT,DELETE",
            policies=[(f"{noun}_lines_add", "INSERT", "", writing), (f"{noun}_lines_remove", "DELETE", writing, "")],
            checks=[(f"{noun}_lines_quantity_check", "(quantity > (0)::numeric)")],
        ),
        child(
            "notes",
            [Column("author_id", "uuid", " DEFAULT auth.uid() NOT NULL"), Column("body", "text")],
            "SELECT,INSERT,DELETE",
            refers=[("author_id", "public.profiles", "CASCADE")],
            indexed=["author_id"],
            policies=[
                (f"{noun}_notes_add", "INSERT", "", f"((author_id = {ME}) AND {writing})"),
                (f"{noun}_notes_remove", "DELETE", f"(author_id = {ME})", ""),
            ],
        ),
        Table(
            f"{noun}_events",
            [number, Column(thing_id, "uuid"), Column("actor_id", "uuid", ""), Column("kind", "text"),
             Column("payload", "jsonb", " DEFAULT '{}'::jsonb NOT NULL"), moment],
            ("id",), identity=True, refers=[parent], indexed=[thing_id],
            policies=[(f"{noun}_events_read", "SELECT", f"private.is_admin({org})", "")],
            grants=[("SELECT", "authenticated")],
        ),
        Table(
            f"{noun}_tags", [Column(thing_id, "uuid"), Column("tag", "text")], (thing_id, "tag"), refers=[parent],
            policies=[
                (f"{noun}_tags_read", "SELECT", f"private.is_member({org})", ""),
                (f"{noun}_tags_add", "INSERT", "", writing), (f"{noun}_tags_remove", "DELETE", writing, ""),
            ],
            grants=[("SELECT,INSERT,DELETE", "authenticated")],
        ),
        Table(
            f"{noun}_watchers",
            [Column(thing_id, "uuid"), Column("user_id", "uuid", " DEFAULT auth.uid() NOT NULL"), moment],
            (thing_id, "user_id"), refers=[parent, ("user_id", "public.profiles", "CASCADE")], indexed=["user_id"],
            policies=[
                (f"{noun}_watchers_own", "SELECT", f"(user_id = {ME})", ""),
                (f"{noun}_watchers_add", "INSERT", "", f"((user_id = {ME}) AND private.is_member({org}))"),
                (f"{noun}_watchers_remove", "DELETE", f"(user_id = {ME})", ""),
            ],
            grants=[("SELECT,INSERT,DELETE", "authenticated")],
        ),
        child(
            "files",
            [Column("path", "text"), Column("size", "bigint", " DEFAULT 0 NOT NULL"),
             Column("uploaded_by", "uuid", " DEFAULT auth.uid()")],
            "SELECT,INSERT",
            refers=[("uploaded_by", "public.profiles", "SET NULL")],
            indexed=["uploaded_by"],
            policies=[(f"{noun}_files_add", "INSERT", "", f"((uploaded_by = {ME}) AND {writing})")],
        ),
        Table(
            f"{noun}_settings",
            [Column("org_id", "uuid"), Column("prefix", "text", " DEFAULT ''::text NOT NULL"),
             Column("next_number", "integer", " DEFAULT 1 NOT NULL")],
            ("org_id",), refers=[("org_id", "public.organisations", "CASCADE")],
            checks=[(f"{noun}_settings_next_number_check", "(next_number > 0)")],
            policies=[
                (f"{noun}_settings_read", "SELECT", "private.is_member(org_id)", ""),
                (f"{noun}_settings_edit", "UPDATE", "private.is_admin(org_id)", "private.is_admin(org_id)"),
            ],
            grants=[("SELECT,UPDATE(prefix)", "authenticated")],
        ),
    ]  # fmt: skip


def functions_of(noun: str) -> list[Function]:
    """Return the sixteen functions about one thing."""
    things = f"{noun}s" if not noun.endswith("y") else f"{noun[:-1]}ies"
    row, the_id = f"public.{things}", f"{noun}_id"
    kept = f"  UPDATE {row} SET archived_at = {{}} WHERE id = p_id;\n  IF NOT FOUND THEN\n"
    kept += f"    RAISE EXCEPTION 'there is no such {noun}' USING ERRCODE = 'P0002';\n  END IF;"
    return [
        function(
            f"private.org_of_{noun}", "p_id uuid", "uuid", f"  SELECT t.org_id FROM {row} t WHERE t.id = p_id",
            words="STABLE SECURITY DEFINER",
        ),
        function(
            f"private.can_edit_{noun}", "p_id uuid", "boolean",
            f"  SELECT private.may_write(t.org_id) FROM {row} t WHERE t.id = p_id", words="STABLE SECURITY DEFINER",
        ),
        function(
            f"private.{noun}_note_event", "", "trigger",
            f"BEGIN\n  INSERT INTO public.{noun}_events ({the_id}, actor_id, kind, payload)\n"
            "  VALUES (NEW.id, auth.uid(), lower(TG_OP), jsonb_build_object('status', NEW.status));\n"
            "  RETURN NULL;\nEND;",
            language="plpgsql", words="SECURITY DEFINER", roles=(),
        ),
        function(
            f"private.{noun}_guard", "", "trigger",
            "BEGIN\n  IF NEW.org_id IS DISTINCT FROM OLD.org_id THEN\n"
            f"    RAISE EXCEPTION 'a {noun} stays with its organisation' USING ERRCODE = '42501';\n"
            "  END IF;\n  RETURN NEW;\nEND;",
            language="plpgsql", roles=(),
        ),
        function(
            f"public.list_{things}", "p_org uuid, p_limit integer DEFAULT 50", f"SETOF {row}",
            f"  SELECT t.* FROM {row} t WHERE t.org_id = p_org AND t.archived_at IS NULL\n"
            "  ORDER BY t.created_at DESC LIMIT least(p_limit, 200)",
            words="STABLE",
        ),
        function(
            f"public.count_{things}_by_status", "p_org uuid", "TABLE(status text, total bigint)",
            f"  SELECT t.status, count(*) FROM {row} t WHERE t.org_id = p_org GROUP BY t.status", words="STABLE",
        ),
        function(
            f"public.search_{things}", "p_org uuid, p_term text", f"SETOF {row}",
            "BEGIN\n  IF length(p_term) < 2 THEN\n    RETURN;\n  END IF;\n"
            f"  RETURN QUERY SELECT t.* FROM {row} t\n"
            "    WHERE t.org_id = p_org AND t.title ILIKE '%' || p_term || '%' LIMIT 50;\nEND;",
            language="plpgsql", words="STABLE",
        ),
        function(
            f"public.archive_{noun}", "p_id uuid", "void", f"BEGIN\n{kept.format('now()')}\nEND;", language="plpgsql",
        ),
        function(
            f"public.restore_{noun}", "p_id uuid", "void", f"BEGIN\n{kept.format('NULL')}\nEND;", language="plpgsql",
        ),
        function(
            f"public.{noun}_total", "p_id uuid", "numeric",
            f"  SELECT COALESCE(sum(l.quantity * l.unit_price), 0) FROM public.{noun}_lines l WHERE l.{the_id} = p_id",
            words="STABLE",
        ),
        function(
            f"public.watch_{noun}", "p_id uuid", "void",
            f"  INSERT INTO public.{noun}_watchers ({the_id}) VALUES (p_id) ON CONFLICT DO NOTHING",
        ),
        function(
            f"public.unwatch_{noun}", "p_id uuid", "void",
            f"  DELETE FROM public.{noun}_watchers w WHERE w.{the_id} = p_id AND w.user_id = (SELECT auth.uid())",
        ),
        function(
            f"public.add_{noun}_note", "p_id uuid, p_body text", "bigint",
            f"  INSERT INTO public.{noun}_notes ({the_id}, body) VALUES (p_id, p_body) RETURNING id",
        ),
        function(
            f"public.copy_{noun}", "p_id uuid", "uuid",
            "DECLARE\n  v_new uuid;\nBEGIN\n"
            f"  IF NOT COALESCE(private.can_edit_{noun}(p_id), false) THEN\n"
            "    RAISE EXCEPTION 'not allowed' USING ERRCODE = '42501';\n  END IF;\n"
            f"  INSERT INTO {row} (org_id, title, currency, amount)\n"
            f"  SELECT t.org_id, left(t.title, 190) || ' (copy)', t.currency, t.amount FROM {row} t WHERE t.id = p_id\n"
            f"  RETURNING id INTO v_new;\n"
            f"  INSERT INTO public.{noun}_lines ({the_id}, position, description, quantity, unit_price)\n"
            "  SELECT v_new, l.position, l.description, l.quantity, l.unit_price\n"
            f"  FROM public.{noun}_lines l WHERE l.{the_id} = p_id;\n  RETURN v_new;\nEND;",
            language="plpgsql", words="SECURITY DEFINER",
        ),
        function(
            f"public.{noun}_timeline", "p_id uuid", "TABLE(at timestamp with time zone, what text)",
            f"  SELECT e.created_at, e.kind FROM public.{noun}_events e WHERE e.{the_id} = p_id\n"
            f"  UNION ALL SELECT n.created_at, 'note' FROM public.{noun}_notes n WHERE n.{the_id} = p_id ORDER BY 1",
            words="STABLE",
        ),
        function(
            f"private.{noun}_cleanup", "", "integer",
            f"DECLARE\n  v_count integer;\nBEGIN\n"
            f"  DELETE FROM {row} WHERE archived_at < now() - interval '2 years';\n"
            "  GET DIAGNOSTICS v_count = ROW_COUNT;\n  RETURN v_count;\nEND;",
            language="plpgsql", words="SECURITY DEFINER", roles=("service_role",),
        ),
    ]  # fmt: skip


Findings = dict[str, tuple[str, ...]]


def planted(tables: dict[str, Table], functions: dict[str, Function], chance: random.Random) -> Findings:
    """Spoil what chance chooses; return of each defect the findings that are to tell it."""
    a, b, c, d, e, f, g = chance.sample([each for each in NOUNS if not each.endswith("y")], 7)
    found: Findings = {}

    open_table = tables[f"{a}_files"]
    open_table.guarded, open_table.policies = False, []
    found["a table of files lost its row level security"] = (f"RLS-01 public.{a}_files",)

    tables[f"{b}_notes"].policies[0] = (f"{b}_notes_read", "SELECT", "true", "")
    found["everybody reads the notes of all organisations"] = (f"RLS-04 {b}_notes_read on public.{b}_notes",)

    tables[f"{c}_lines"].indexed.clear()
    found["a foreign key without an index"] = (f"PERF-04 {c}_lines_{c}_id_fkey on public.{c}_lines",)

    name = f"public.{d}_total"
    functions[name] = _changed(functions[name], "l.unit_price", "l.price_each")
    found["a column was renamed, and a function was not"] = (f"SCHEMA-04 {name}(uuid)",)

    name = f"public.copy_{e}"
    body = functions[name]
    start, end = body.text.index("  IF NOT"), body.text.index("  END IF;\n") + len("  END IF;\n")
    functions[name] = Function(body.signature, body.text[:start] + body.text[end:], body.roles)
    found["a copy is made for whoever knows an id"] = (f"EXPO-04 {name}(uuid)",)

    own = tables[f"{f}_watchers"]
    own.policies[0] = (own.policies[0][0], "SELECT", "(user_id = auth.uid())", "")
    found["who is calling is asked for every row"] = (f"PERF-08 {f}_watchers_own on public.{f}_watchers",)

    name = f"public.copy_{g}"
    functions[name] = _changed(functions[name], "SET search_path TO ''\n    ", "")
    found["a definer's function takes its caller's search_path"] = (f"EXPO-03 {name}(uuid)",)
    return found


def _changed(made: Function, old: str, new: str) -> Function:
    assert old in made.text, made.text
    return Function(made.signature, made.text.replace(old, new), made.roles)


def _titled(name: str, kind: str, text: str, schema: str = "public") -> str:
    return f"--\n-- Name: {name}; Type: {kind}; Schema: {schema}; Owner: {SERVER}\n--\n\n{text.rstrip()}\n\n\n"


def _function(made: Function) -> str:
    text = f"{made.text}\n\nALTER FUNCTION {made.signature} OWNER TO {SERVER};"
    return _titled(made.signature, "FUNCTION", text)


def _tables(tables: list[Table]) -> Iterator[str]:
    for table in tables:
        checks = [f"    CONSTRAINT {name} CHECK ({text})" for name, text in table.checks]
        body = ",\n".join([*map(str, table.columns), *checks])
        text = f"CREATE TABLE public.{table.name} (\n{body}\n);\n\n\nALTER TABLE public.{table.name} OWNER TO {SERVER};"
        if not table.guarded:
            text += f"\n\nALTER TABLE ONLY public.{table.name} REPLICA IDENTITY DEFAULT;"
        yield _titled(table.name, "TABLE", text)
        if table.identity:
            sequence = (
                f"ALTER TABLE public.{table.name} ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (\n"
                f"    SEQUENCE NAME public.{table.name}_id_seq\n    START WITH 1\n    INCREMENT BY 1\n"
                "    NO MINVALUE\n    NO MAXVALUE\n    CACHE 1\n);"
            )
            yield _titled(f"{table.name}_id_seq", "SEQUENCE", sequence)


def _data(tables: list[Table]) -> Iterator[str]:
    for table in tables:
        names = ", ".join(column.name for column in table.columns)
        rows = "".join("\t".join(row) + "\n" for row in table.rows)
        yield (
            f"--\n-- Data for Name: {table.name}; Type: TABLE DATA; Schema: public; Owner: {SERVER}\n--\n\n"
            f"COPY public.{table.name} ({names}) FROM stdin;\n{rows}\\.\n\n\n"
        )


def _constraints(tables: list[Table]) -> Iterator[str]:
    for table in sorted(tables, key=lambda each: each.name):
        only = f"ALTER TABLE ONLY public.{table.name}\n    ADD CONSTRAINT"
        name = f"{table.name}_pkey"
        yield _titled(f"{table.name} {name}", "CONSTRAINT", f"{only} {name} PRIMARY KEY ({', '.join(table.key)});")
    for table in sorted(tables, key=lambda each: each.name):
        for column in table.indexed:
            name = f"{table.name}_{column}_idx"
            yield _titled(name, "INDEX", f"CREATE INDEX {name} ON public.{table.name} USING btree ({column});")
    for table in tables:
        for trigger in table.triggers:
            yield _titled(f"{table.name} {trigger.split()[2]}", "TRIGGER", trigger)
    for table in sorted(tables, key=lambda each: each.name):
        only = f"ALTER TABLE ONLY public.{table.name}\n    ADD CONSTRAINT"
        for column, other, then in table.refers:
            name = f"{table.name}_{column}_fkey"
            key = "code" if other.rpartition(".")[2] in ("countries", "currencies", "plans") else "id"
            text = f"{only} {name} FOREIGN KEY ({column}) REFERENCES {other}({key}) ON DELETE {then};"
            yield _titled(f"{table.name} {name}", "FK CONSTRAINT", text)


def _policies(tables: list[Table]) -> Iterator[str]:
    for table in tables:
        if table.guarded:
            text = f"ALTER TABLE public.{table.name} ENABLE ROW LEVEL SECURITY;"
            yield _titled(table.name, "ROW SECURITY", text)
        roles = "anon, authenticated" if any("anon" in roles for _, roles in table.grants) else "authenticated"
        for name, command, using, check in table.policies:
            text = f"CREATE POLICY {name} ON public.{table.name} FOR {command} TO {roles}"
            text += (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "") + ";"
            yield _titled(f"{table.name} {name}", "POLICY", text)


def _rights(tables: list[Table], functions: list[Function]) -> Iterator[str]:
    text = (
        "GRANT USAGE ON SCHEMA public TO postgres;\nGRANT USAGE ON SCHEMA public TO anon;\n"
        "GRANT USAGE ON SCHEMA public TO authenticated;\nGRANT USAGE ON SCHEMA public TO service_role;\n"
    )
    yield _acl("SCHEMA public", text)
    yield _acl(
        "SCHEMA private",
        "GRANT USAGE ON SCHEMA private TO authenticated;\nGRANT USAGE ON SCHEMA private TO service_role;",
    )
    for made in functions:
        text = f"REVOKE ALL ON FUNCTION {made.signature} FROM PUBLIC;\n"
        text += "".join(
            f"GRANT ALL ON FUNCTION {made.signature} TO {role};\n" for role in (*made.roles, "service_role")
        )
        yield _acl(f"FUNCTION {made.signature}", text)
    for table in tables:
        text = ""
        for rights, roles in table.grants:
            plain = ",".join(each for each in rights.split(",") if "(" not in each)
            text += f"GRANT {plain} ON TABLE public.{table.name} TO {roles};\n" if plain else ""
            for each in rights.split(","):
                if "(" in each:
                    right, _, column = each.rstrip(")").partition("(")
                    text += f"GRANT {right}({column}) ON TABLE public.{table.name} TO {roles};\n"
        text += f"GRANT ALL ON TABLE public.{table.name} TO service_role;"
        yield _acl(f"TABLE {table.name}", text)
        if table.identity:
            yield _acl(
                f"SEQUENCE {table.name}_id_seq",
                f"GRANT ALL ON SEQUENCE public.{table.name}_id_seq TO service_role;",
            )
    for kind in ("SEQUENCES", "FUNCTIONS", "TABLES"):
        start = "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public"
        text = f"{start} REVOKE ALL ON {kind} FROM anon;\n{start} REVOKE ALL ON {kind} FROM authenticated;\n"
        text += f"{start} GRANT ALL ON {kind} TO postgres;\n{start} GRANT ALL ON {kind} TO service_role;"
        yield _titled(f"DEFAULT PRIVILEGES FOR {kind}", "DEFAULT ACL", text)
    yield _titled(
        "DEFAULT PRIVILEGES FOR FUNCTIONS", "DEFAULT ACL",
        "ALTER DEFAULT PRIVILEGES FOR ROLE postgres REVOKE ALL ON FUNCTIONS FROM PUBLIC;", "-",
    )  # fmt: skip
    text = "ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO dashboard_user;"
    yield _titled("DEFAULT PRIVILEGES FOR TABLES", "DEFAULT ACL", text)


def _acl(name: str, text: str) -> str:
    return _titled(name, "ACL", text)


def dump(seed: int) -> Dump:
    """Return a dump of 200 tables and 400 functions, with seven defects at places that the seed chooses."""
    chance = random.Random(seed)
    tables = {table.name: table for table in [*base(), *(each for noun in NOUNS for each in tables_of(noun))]}
    made = [*base_functions(), *(each for noun in NOUNS for each in functions_of(noun))]
    functions = {each.signature.partition("(")[0]: each for each in made}
    found = planted(tables, functions, chance)
    token = "".join(chance.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=63))
    every = [*tables.values()]
    types = (
        "CREATE TYPE public.member_role AS ENUM (\n    'owner',\n    'admin',\n    'member',\n    'viewer'\n);\n\n\n"
    )
    parts = [
        HEAD.replace("{token}", token),
        _titled("member_role", "TYPE", f"{types}ALTER TYPE public.member_role OWNER TO {SERVER};"),
        *(_function(each) for each in functions.values() if "SETOF public." not in each.text),
        "SET default_tablespace = '';\n\nSET default_table_access_method = heap;\n\n",
        *_tables(every),
        # What needs a table's type comes after it.
        *(_function(each) for each in functions.values() if "SETOF public." in each.text),
        *_data(every),
        *_constraints(every),
        _titled(
            "users on_auth_user_created", "TRIGGER",
            "CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users "
            "FOR EACH ROW EXECUTE FUNCTION private.handle_new_user();", "auth",
        ),
        *_policies(every),
        *_rights(every, [*functions.values()]),
        TAIL.replace("{token}", token),
    ]  # fmt: skip
    return Dump("".join(parts), found)


if __name__ == "__main__":
    sys.stdout.write(dump(int(sys.argv[1])).text)
