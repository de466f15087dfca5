{#-
  Full years of age on a day. Counted on the birthday itself; who was born on 29 February comes of age on 1 March in years without that day:
  a period of years ends on the day of the same date, or on the month's last day where there is none (民法典第202条), and is full the day after.
-#}
{% macro full_years(birth, at) -%}
(year({{ at }}) - year({{ birth }}) - if(month({{ at }}) * 100 + day({{ at }}) < month({{ birth }}) * 100 + day({{ birth }}), 1, 0))
{%- endmacro %}

{#- The day on which that many full years are reached, by the same rule. -#}
{% macro reaches(birth, years) -%}
(case when month({{ birth }}) = 2 and day({{ birth }}) = 29 and day(add_months({{ birth }}, 12 * {{ years }})) = 28
  then date_add(add_months({{ birth }}, 12 * {{ years }}), 1) else add_months({{ birth }}, 12 * {{ years }}) end)
{%- endmacro %}

{#- A parameter in force at t in the person's area, from person_month.q. -#}
{% macro parameter(name) -%}
try_element_at(q, '{{ name }}')
{%- endmacro %}

{% macro years(name) -%}
cast({{ parameter(name) }} as int)
{%- endmacro %}

{#- What is on record for the person in the month under a key such as payment:dibao or insurance:resident_pension; NULL where there is nothing. -#}
{% macro record(key) -%}
try_element_at(f, '{{ key }}')
{%- endmacro %}

{% macro evidence_of(keys) -%}
flatten(array_compact(array({% for key in keys %}try_element_at(f, '{{ key }}').evidence{{ ", " if not loop.last }}{% endfor %})))
{%- endmacro %}

{#- Records behind attributes of gold.person. -#}
{% macro attribute(names) -%}
array_distinct(array_compact(array({% for n in names %}try_element_at(e, '{{ n }}'){{ ", " if not loop.last }}{% endfor %})))
{%- endmacro %}

{#- Whether all that is sent under a key for the month had arrived (arrived), or anything of it ever (ever). -#}
{% macro arrived(key) -%}
coalesce(try_element_at(a, '{{ key }}').arrived, false)
{%- endmacro %}

{% macro ever(key) -%}
coalesce(try_element_at(a, '{{ key }}').ever, false)
{%- endmacro %}

{% macro answer(expression) -%}
case when {{ expression }} then 'yes' when not {{ expression }} then 'no' else 'unknown' end
{%- endmacro %}

{#- One named condition of a trace. -#}
{% macro condition(name, evidence) -%}
named_struct('name', '{{ name }}', 'value', {{ answer('c_' ~ name) }}, 'evidence', {{ evidence }})
{%- endmacro %}

{#-
  The common end of every programme. Relation `judged` holds person_month and: c_<condition> (true, false, NULL = unknown), m_<condition> (array of
  the data that are missing), covered, covered_evidence, since (day from which all conditions hold), due (amount); `evidence`: condition → SQL.
  covering: key of the source that says who is covered. ANDing with NULL is Kleene's logic: unknown only where a datum could change the answer.
-#}
{% macro verdict(programme, conditions, covering) -%}
, answered as (
  select *, {% for name in conditions %}c_{{ name }}{{ " and " if not loop.last }}{% endfor %} as c_entitled
  from judged
)

, excused as (
  select
    *,
    case
      when covered then null
      when not c_alive then 'died'
      when registration_status in ('army', 'abroad', 'prison') then registration_status
      when {{ record('benefit:insured_elsewhere') }} is not null then 'covered_elsewhere'
      when {{ record('benefit:veteran_support') }} is not null or {{ record('benefit:retired_cadre') }} is not null then 'higher_scheme'
      when {{ record('refusal:' ~ programme) }} is not null then 'refused'
      when datediff(t, since) < {{ years('grace_days') }} then 'record_lag'
      when not {{ arrived(covering) }} then 'record_lag'
    end as reason
  from answered
)

select
  person_id,
  cast(null as string) as household_id,
  '{{ programme }}' as programme,
  month,
  {{ answer('c_entitled') }} as entitled,
  covered,
  coalesce(c_entitled and not covered and reason is null, false) as gap,
  if(c_entitled is null or c_entitled or reason in ('died', 'army', 'abroad', 'prison'), reason, null) as reason_not_gap,
  cast(if(coalesce(c_entitled, true), due, null) as decimal(18, 2)) as amount,
  division,
  to_json(named_struct(
    'conditions', array(
      {% for name, evidence in conditions.items() -%}
      {{ condition(name, evidence) }}{{ ", " if not loop.last }}
      {% endfor -%}
    ),
    'missing', array_distinct(flatten(array(
      {% for name in conditions -%}
      if(c_{{ name }} is null and c_entitled is null, m_{{ name }}, cast(array() as array<string>)){{ ", " if not loop.last }}
      {% endfor -%}
    ))),
    'covered', named_struct('value', if(covered, 'yes', 'no'), 'evidence', covered_evidence),
    'reason', if(reason is null, null, named_struct(
      'name', reason,
      'evidence', case
        when reason = 'died' then {{ attribute(['death_date']) }}
        when reason in ('army', 'abroad', 'prison') then {{ attribute(['registration_status']) }}
        when reason = 'covered_elsewhere' then {{ evidence_of(['benefit:insured_elsewhere']) }}
        when reason = 'higher_scheme' then {{ evidence_of(['benefit:veteran_support', 'benefit:retired_cadre']) }}
        when reason = 'refused' then {{ evidence_of(['refusal:' ~ programme]) }}
        else cast(array() as array<struct<resource: string, file: string, row: bigint>>)
      end
    ))
  )) as trace,
  {{ known_instant() }} as as_of,
  known_from
from excused
{%- endmacro %}
