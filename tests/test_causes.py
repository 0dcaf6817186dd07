"""What a finding's object says of its cause."""

import pytest

from audit.causes import Cause, cause_of, written

TABLE = Cause("table", "public.posts", "public.posts")


@pytest.mark.parametrize(
    ("obj", "kind", "cause"),
    [
        ("public.posts", "", TABLE),
        ("public.posts.body", "", TABLE),
        ("public.posts: select by authenticated", "", TABLE),
        ("alice: select public.posts", "", TABLE),
        ("alice: update column body of public.posts (blind)", "", TABLE),
        ("anon: update public.posts.body", "", TABLE),
        ('"Read all: posts" on public.posts', "", Cause("policy", '"Read all: posts" on public.posts', "public.posts")),
        ("p on storage.objects: bucket a", "", Cause("policy", "p on storage.objects", "storage.objects")),
        ("k on public.posts", "constraint", Cause("constraint", "k on public.posts", "public.posts")),
        ("body of public.posts", "column", Cause("column", "body on public.posts", "public.posts")),
        ("public.recent", "view", Cause("view", "public.recent", "public.recent")),
        ("public.posts_body", "index", Cause("index", "public.posts_body")),
        ("public.f(uuid,text)", "", Cause("function", "public.f(uuid,text)")),
        ("alice: call public.f(uuid)", "", Cause("function", "public.f(uuid)")),
        ("anon: public.f()", "", Cause("other", "anon: public.f()")),
        ("0001_first.sql", "", Cause("other", "0001_first.sql")),
        ('public."a\nb"', "", Cause("table", 'public."a\nb"', 'public."a\nb"')),
    ],
)
def test_an_object_names_its_cause(obj: str, kind: str, cause: Cause) -> None:
    assert cause_of(obj, kind) == cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("policy p on public.posts", Cause("policy", "p on public.posts", "public.posts")),
        ("table public.posts", TABLE),
        ("grant select on public.posts", Cause("grant", "select on public.posts", "public.posts")),
        ("function public.f()", Cause("function", "public.f()")),
        ("whatever it is", Cause("other", "whatever it is")),
    ],
)
def test_a_question_names_a_cause(text: str, cause: Cause) -> None:
    assert written(text) == cause
