{# The union of the programmes: rows that are not a plain no, and everybody who is covered. #}
-- noqa: disable=LT02
{% set programmes = ['w9', 'w12a', 'w12b'] %}
with judged as (
  {% for programme in programmes -%}
  select * from {{ ref(programme) }}
  {% if not loop.last %}union all{% endif %}
  {% endfor %}
)

select
  person_id, household_id, programme, month, entitled, covered, gap, reason_not_gap, amount, division, trace, as_of, known_from
from judged
where entitled <> 'no' or covered
