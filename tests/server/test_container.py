"""What is limited of a disposable server in a container: where its data lie, by what the image says of itself."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest

from audit.server import container
from audit.server.container import LAYER_BYTES, Layer, data_mounts

DATA = "/var/lib/postgresql/data"
IMAGES: dict[str, tuple[dict[str, Any], list[str] | None]] = {
    "it says nothing": ({}, [DATA]),
    "nothing, and as null": ({"User": "", "Env": None, "Volumes": None}, [DATA]),
    "it says where its data are": ({"Env": ["PATH=/bin", "PGDATA=/data/pg"]}, ["/data/pg"]),
    "a volume of its data": ({"Env": [f"PGDATA={DATA}"], "Volumes": {DATA: {}}}, [DATA]),
    "a volume around its data": (
        {"Env": ["PGDATA=/var/lib/postgresql/18/docker"], "Volumes": {"/var/lib/postgresql": {}}},
        ["/var/lib/postgresql"],
    ),
    "a volume within its data": ({"Volumes": {f"{DATA}/pg_wal": {}}}, [DATA, f"{DATA}/pg_wal"]),
    "a volume of something else": ({"Volumes": {DATA: {}, "/etc/postgresql": {}}}, None),
    "a volume that is only called alike": ({"Volumes": {"/var/lib/postgresql/data2": {}}}, None),
    "its programs are not root's": ({"User": "postgres"}, None),
    "root, by number": ({"User": "0"}, [DATA]),
}


@pytest.mark.parametrize("image", IMAGES)
def test_the_data_of_an_image_lie_where_there_is_a_limit(image: str) -> None:
    config, expected = IMAGES[image]
    assert data_mounts(config) == expected


@pytest.mark.parametrize(
    ("told", "crowded"),
    [
        ([{"SizeRw": LAYER_BYTES + 1}], True),
        ([{"SizeRw": LAYER_BYTES}], False),
        ([{"SizeRw": None}], False),
        ([{}], False),
        ([], False),  # it has just gone
        (OSError("no answer"), False),
    ],
)
def test_what_a_container_writes_beside_its_data_has_a_limit(
    monkeypatch: pytest.MonkeyPatch, told: Any, crowded: bool
) -> None:
    monkeypatch.setattr(container, "LOOK_EVERY_S", 0.0)
    contained = MagicMock()
    contained.get_docker_client().client.api.containers.side_effect = [told]
    assert bool(Layer(contained)()) is crowded


def test_an_engine_is_not_asked_all_the_time() -> None:
    contained = MagicMock()
    layer = Layer(contained)
    assert [layer() for _ in range(100)] == [""] * 100
    contained.get_docker_client().client.api.containers.assert_not_called()
