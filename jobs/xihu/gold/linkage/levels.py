"""What is compared, level by level, as SQL over the prepared columns of two mentions (`_l`, `_r`): the definition that Splink scores.

The first level that holds is taken. The names of levels are those of `xihu.standards.person_names.compare` where they are about names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xihu.gold.linkage.model import Model

_BOTH_HAN = "not latin_l and not latin_r"
_ONE = "length(n_l) >= 3 and length(n_l) = length(n_r) and list_has_any(wild_l, wild_r)"
_SHARED_PLACE = (
    "(coalesce(household_l = household_r, false) or coalesce(address_l = address_r, false) or coalesce(street_l = street_r, false))"
)

LEVELS: dict[str, tuple[tuple[str, str], ...]] = {
    "name": (
        ("null", "n_l is null or n_r is null"),
        ("equal_0", "n_l = n_r and not holes_l and band_l = 0"),
        ("equal_1", "n_l = n_r and not holes_l and band_l = 1"),
        ("equal_2", "n_l = n_r and not holes_l and band_l = 2"),
        ("equal_3", "n_l = n_r and not holes_l"),
        ("holes", "(holes_l or holes_r) and (n_l = n_r or n_l like replace(n_r, '□', '_') or n_r like replace(n_l, '□', '_'))"),
        ("near", f"{_BOTH_HAN} and list_has_any(near_l, near_r)"),
        ("homophone", f"{_BOTH_HAN} and list_has_any(readings_l, readings_r) and {_ONE}"),
        ("pinyin", "list_has_any(readings_l, readings_r)"),
        ("swapped", "not latin_l and letters_l = letters_r"),
        (
            "prefixed",
            f"{_BOTH_HAN} and ((length(n_l) = length(n_r) + 1 and length(n_r) >= 3 and head_l and n_l[2:] = n_r)"
            " or (length(n_r) = length(n_l) + 1 and length(n_l) >= 3 and head_r and n_r[2:] = n_l)"
            " or (length(n_r) >= 4 and length(n_l) > length(n_r) and starts_with(n_l, n_r))"
            " or (length(n_l) >= 4 and length(n_r) > length(n_l) and starts_with(n_r, n_l)))",
        ),
        ("one_differs", f"{_BOTH_HAN} and {_ONE}"),
        ("given", f"{_BOTH_HAN} and length(given_l) >= 2 and given_l = given_r"),
        (
            "initials",
            "latin_l <> latin_r and initials_l <> '' and (initials_l = initials_r or initials_l = initials_r[-1:] || initials_r[:-2])",
        ),
        ("surname", "surname_l <> '' and surname_l = surname_r"),
        ("different", "ELSE"),
    ),
    "birth": (
        ("null", "birth_l is null or birth_r is null"),
        ("equal_default", "birth_l = birth_r and birth_l[5:] = '0101'"),
        ("equal", "birth_l = birth_r"),
        ("swapped", "birth_l[:4] = birth_r[:4] and birth_l[5:6] = birth_r[7:8] and birth_l[7:8] = birth_r[5:6]"),
        ("year_default", "birth_l[:4] = birth_r[:4] and (birth_l[5:] = '0101' or birth_r[5:] = '0101')"),
        ("one_digit", "list_has_any(births_l, births_r)"),
        ("same_year", "birth_l[:4] = birth_r[:4]"),
        ("different", "ELSE"),
    ),
    "sex": (
        ("null", "sex_l is null or sex_r is null"),
        ("equal", "sex_l = sex_r"),
        ("different", "ELSE"),
    ),
    "phone": (
        ("null", "phone_l is null or phone_r is null"),
        ("equal", "phone_l = phone_r"),
        ("different", "ELSE"),
    ),
    "place": (
        ("null", f"not {_SHARED_PLACE} and (division_l is null or division_r is null)"),
        ("household", "household_l = household_r"),
        ("address", "address_l = address_r"),
        ("street", "street_l = street_r"),
        ("division", "division_l = division_r"),
        ("different", "ELSE"),
    ),
    "relation": (
        ("null", "relation_l is null or relation_r is null or household_l is null or household_r is null or household_l <> household_r"),
        ("equal", "relation_l = relation_r"),
        ("different", "ELSE"),
    ),
}
TITLES = {"name": "姓名", "birth": "出生日期", "sex": "性别", "phone": "电话", "place": "住址", "relation": "与户主关系"}
# Columns of a mention that the levels read.
COLUMNS = (
    *("n", "band", "holes", "latin", "readings", "wild", "near", "letters", "head", "given", "surname", "initials"),
    *("birth", "births", "sex", "phone", "household", "address", "street", "division", "relation"),
)
# Levels of a name with which a pair may link by itself; the others go to a person.
SURE_NAMES = ("equal_0", "equal_1", "equal_2", "equal_3", "holes", "near", "homophone", "pinyin", "swapped", "prefixed")
SAME_NAMES = ("equal_0", "equal_1", "equal_2", "equal_3")
SURE_BIRTHS = ("null", "equal_default", "equal", "swapped", "year_default", "one_digit")


def splink_settings(model: Model) -> dict[str, Any]:
    """Settings of Splink with the model's fixed probabilities; pairs are given, so it blocks nothing itself."""
    comparisons = []
    for name, levels in LEVELS.items():
        rows: list[dict[str, Any]] = []
        for level, sql in levels:
            row: dict[str, Any] = {"sql_condition": sql, "label_for_charts": level}
            if level == "null":
                row["is_null_level"] = True
            else:
                row["m_probability"], row["u_probability"] = model.weights[name][level]
            rows.append(row)
        comparisons.append({"output_column_name": name, "comparison_levels": rows})
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "handle",
        "probability_two_random_records_match": model.prior,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "1 = 0", "sql_dialect": "duckdb"}],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "comparisons": comparisons,
    }
