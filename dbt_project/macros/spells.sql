{#-
  The spells of a fact as known at K, for registers that repeat a spell whenever something about it changes. Of several statements about the spell
  that one source began for one person on one day, the newest is the truth about the whole spell if it says when it ended or that it runs; an older
  one keeps the days up to the list that replaced it only if the newest merely says that it no longer runs.
-#}
{% macro spells(schema, fact, key, runs) -%}
select person_id, key, runs, valid_from, valid_to, known_from, division, resource, _file, _row
from (
  select
    *,
    row_number() over newest as n,
    first(runs) over newest as newest_runs,
    first(valid_to) over newest as newest_end
  from (
    select
      person_id, {{ key }} as key, coalesce({{ runs }}, false) as runs, division, resource, _file, _row, valid_from,
      max_by(valid_to, known_from) as valid_to,
      max(known_from) as known_from,
      min(first_known) as first_known
    from (
      select
        *, min(known_from) over (partition by resource, _file, _row) as first_known,
        known_to is null or known_to > {{ known_instant() }} as held
      from {{ source(schema, fact) }}
      where loaded_to is null and known_from <= {{ known_instant() }} and person_id is not null
    )
    where held
    group by all
  )
  window newest as (
    partition by person_id, key, resource, valid_from order by first_known desc, _file desc, _row desc
  )
)
where n = 1 or valid_from is null or (not newest_runs and newest_end is null)
{%- endmacro %}
