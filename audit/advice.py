"""Fixes that are for a person to decide: words and statements that nothing executes, as SQL comments."""

from __future__ import annotations

import inspect


def decide(what: str, *statements: str) -> str:
    """Return a fix of comments alone: what there is to decide, and below it what may serve once that is decided."""
    parts = [inspect.cleandoc(each) for each in (what, *statements)]
    return "\n".join(f"-- {line}" if line.strip() else "--" for part in parts for line in part.splitlines())


def inert(expression: str) -> str:
    """Return SQL for a text that cannot end the comment that it is put in."""
    return f"pg_catalog.regexp_replace({expression}, '[[:cntrl:]]', ' ', 'g')"


# For a question over pg_proc as p. A client, a policy or another function may live by a right that is taken away.
LET_IT_ASK = f"""
pg_catalog.format(
    E'-- Let %%1$s ask who is calling (auth.uid()), and answer or write for them only.\\n'
    || E'-- If nobody needs it, neither a client nor a policy, a view or another function:\\n'
    || '-- revoke execute on routine %%1$s from public, anon, authenticated;',
    {inert("p.oid::pg_catalog.regprocedure::text")})
"""
