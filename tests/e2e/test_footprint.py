"""A server with nothing to do is there at once and costs next to nothing."""

from support import footprint


def test_serve_is_ready_soon_and_light(_scratch):
    found = footprint.measure(_scratch / "footprint")
    assert not found.missed(), found
