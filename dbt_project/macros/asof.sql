{#-
  History is read through these and through nothing else.
  asof(relation, D, K): rows of the current computation that held on D (a SQL expression of type DATE, or none for all days), as known at K.
  K is an instant in UTC as text; default: the variable as_of. Intervals are half-open; an open end is NULL.
-#}
{% macro asof(relation, valid_at=none, known_at=none) -%}
(
  select * from {{ relation }}
  where loaded_to is null and {{ held('known_from', 'known_to', known_instant(known_at)) }}
  {%- if valid_at is not none %} and {{ held('valid_from', 'valid_to', valid_at) }}{% endif %}
)
{%- endmacro %}

{% macro held(start, end, at) -%}
({{ start }} is null or {{ start }} <= {{ at }}) and ({{ end }} is null or {{ end }} > {{ at }})
{%- endmacro %}

{% macro known_instant(known_at=none) -%}
timestamp'{{ known_at or var("as_of") }}'
{%- endmacro %}

{#- The months that are judged, with their last day t: columns month, t. -#}
{% macro judged_months() -%}
(select m as month, last_day(m) as t from values {% for m in var("months") %}(date'{{ m }}'){{ ", " if not loop.last }}{% endfor %} as v(m))
{%- endmacro %}
