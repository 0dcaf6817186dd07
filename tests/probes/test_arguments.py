"""Which values of a function's arguments belong together is told by its body."""

from __future__ import annotations

from audit.probes.arguments import Given, stories, uses

ALICE, STRANGER = "00000000-0000-4000-8000-000000000003", "00000000-0000-4000-8000-000000000005"
ORDER = "20000000-0000-4000-8000-000000000001"


def test_what_a_body_compares_an_argument_with() -> None:
    text = """
    begin
        if p_buyer is distinct from auth.uid() then raise exception 'no'; end if;
        select o.note from public.orders o where o.id = p_order and o.buyer_id = f.p_buyer;
        if lower(p_state) in ('sent', 'paid') then
            insert into public.log (order_id, "what") values (p_order, p_state);
        end if;
    end
    """
    order, buyer, state = uses(text, "f", ("p_order", "p_buyer", "p_state"))
    assert set(order.columns) == {("orders", "id"), ("log", "order_id")} and not order.person
    assert set(buyer.columns) == {("orders", "buyer_id")} and buyer.person
    assert set(state.columns) == {("log", "what")} and state.words == ("sent", "paid")


def test_arguments_without_names_are_numbers() -> None:
    (of,) = uses("select * from shop.items where shop_id = $1", "f", (None,))
    assert of.columns == ((None, "shop_id"),)


def test_a_row_with_its_owner_then_the_caller_then_nulls() -> None:
    text = "select o.note from public.orders o where o.id = p_order and o.buyer_id = p_buyer"
    used = uses(text, "f", ("p_order", "p_buyer"))
    arguments = [
        Given(name, word, "uuid", False, use, person, (), ("?",))
        for name, word, use, person in zip(
            ("p_order", "p_buyer"), ("order", "buyer"), used, (False, False), strict=True
        )
    ]
    rows = [
        {
            "relation": "public.orders",
            "relname": "orders",
            "key": "id",
            "content": {"id": ORDER, "buyer_id": ALICE, "note": "x"},
        }
    ]
    assert list(stories(arguments, rows, STRANGER, {ALICE, STRANGER})) == [
        (ORDER, ALICE),
        (ORDER, STRANGER),
        (None, ALICE),
        (ORDER, None),
    ]


def test_what_a_body_puts_into_a_row_is_not_there_yet() -> None:
    text = "update public.switches set is_on = p_on, stage = p_stage where id = p_switch"
    used = uses(text, "f", ("p_switch", "p_on", "p_stage"))
    arguments = [
        Given(name, word, base, False, use, False, (), given)
        for (name, word, base, given), use in zip(
            (
                ("p_switch", "switch", "uuid", ("?",)),
                ("p_on", "on", "boolean", ("true", "false")),
                ("p_stage", "stage", "text", ("new", "done", "made up")),
            ),
            used,
            strict=True,
        )
    ]
    content = {"id": ORDER, "is_on": True, "stage": "new"}
    rows = [{"relation": "public.switches", "relname": "switches", "key": "id", "content": content}]
    assert list(stories(arguments, rows, STRANGER, {STRANGER})) == [
        (ORDER, "true", "new"),
        (ORDER, "false", "done"),
        (None, "false", "done"),
        (ORDER, None, "done"),
        (ORDER, "false", None),
    ]
