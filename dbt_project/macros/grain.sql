{#- Fails with every combination of columns that occurs more than once. -#}
{% test unique_grain(model, columns) %}
select {{ columns | join(', ') }}, count(*) as n
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{#- Fails with every row for which the condition is not true; NULL counts as not true. -#}
{% test holds(model, condition) %}
select * from {{ model }} where not coalesce({{ condition }}, false)
{% endtest %}

{#- Fails when any of the columns holds a NULL; the row says how many each. One query a table instead of one a column. -#}
{% test complete(model, columns) %}
with counted as (
  select {% for c in columns %}count_if({{ c }} is null) as {{ c }}{{ ', ' if not loop.last }}{% endfor %}
  from {{ model }}
)

select * from counted where {% for c in columns %}{{ c }}{{ ' + ' if not loop.last }}{% endfor %} > 0
{% endtest %}
