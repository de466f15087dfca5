{#- Districts in force at the end of each judged month, and one place for people whose district nobody states: they must not vanish from totals. -#}
{% macro districts() -%}
(
  select m.month, m.t, d.code as district, d.name as district_name
  from {{ judged_months() }} as m
  inner join {{ source('gold', 'division') }} as d
    on (d.level is null or d.level = 'county') and {{ held('d.valid_from', 'd.valid_to', 'm.t') }}
  union all
  select m.month, m.t, '000000' as district, '区县不详' as district_name from {{ judged_months() }} as m
)
{%- endmacro %}

{#- Code and name of the whole city. -#}
{% macro city() -%}
(
  select coalesce(max(code), '000001') as district, '全市' as district_name
  from {{ source('gold', 'division') }} where level = 'prefecture' and valid_to is null
)
{%- endmacro %}
