{#- The union of the programmes: rows that are not a plain no, and everybody who is covered. -#}
{% for programme in ['w9', 'w12a', 'w12b'] %}
select
  person_id, household_id, programme, month, entitled, covered, gap, reason_not_gap, amount, division, trace, as_of, known_from
from {{ ref(programme) }}
where entitled <> 'no' or covered
{{ "union all" if not loop.last }}
{% endfor %}
