"""dbt's own unit tests: hand-worked people at every threshold."""

from __future__ import annotations

from xihu.gold.dbt import dbt


def test_hand_worked_people(city):
    result = dbt("test", "--select", "test_type:unit")
    assert sorted(str(r.node.name) for r in result.result.results) == [f"{w}_at_the_thresholds" for w in ("w12a", "w12b", "w9")]
