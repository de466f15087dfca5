{#- The promised cadence of a resource: periods of its update_cycle, and the days after a period's end within which its data are due. -#}
{% macro promised_days(cycle, arrival_days) -%}
coalesce({{ arrival_days }}, case {{ cycle }}
  when 'realtime' then 0 when 'daily' then 1 when 'weekly' then 3 when 'monthly' then 10 when 'quarterly' then 20 when 'yearly' then 60
end)
{%- endmacro %}

{#- First day of the period that holds the day; weeks begin on Monday. NULL for irregular resources. -#}
{% macro period_start(day, cycle) -%}
(case {{ cycle }}
  when 'realtime' then {{ day }} when 'daily' then {{ day }} when 'weekly' then trunc({{ day }}, 'WEEK')
  when 'monthly' then trunc({{ day }}, 'MM') when 'quarterly' then trunc({{ day }}, 'QUARTER') when 'yearly' then trunc({{ day }}, 'YEAR')
end)
{%- endmacro %}

{#- Last day of the period that holds the day. -#}
{% macro period_end(day, cycle) -%}
(case {{ cycle }}
  when 'realtime' then {{ day }} when 'daily' then {{ day }} when 'weekly' then date_add(trunc({{ day }}, 'WEEK'), 6)
  when 'monthly' then last_day({{ day }}) when 'quarterly' then date_sub(add_months(trunc({{ day }}, 'QUARTER'), 3), 1)
  when 'yearly' then date_sub(add_months(trunc({{ day }}, 'YEAR'), 12), 1)
end)
{%- endmacro %}

{#- First days of all periods from that of one day to that of another; empty when the one lies after the other. -#}
{% macro periods_between(first, last, cycle) -%}
case
  when {{ cycle }} is null or {{ cycle }} = 'irregular' or {{ first }} > {{ last }} then cast(array() as array<date>)
  {%- for name, step in (('realtime', '1 day'), ('daily', '1 day'), ('weekly', '7 day'), ('monthly', '1 month'), ('quarterly', '3 month'), ('yearly', '12 month')) %}
  when {{ cycle }} = '{{ name }}' then sequence({{ period_start(first, "'" ~ name ~ "'") }}, {{ last }}, interval {{ step }})
  {%- endfor %}
end
{%- endmacro %}

{% macro cycle_name(cycle) -%}
case {{ cycle }}
  when 'realtime' then '实时' when 'daily' then '每日' when 'weekly' then '每周' when 'monthly' then '每月'
  when 'quarterly' then '每季' when 'yearly' then '每年' else '不定期'
end
{%- endmacro %}

{#- The day of an instant (UTC) in a time zone. -#}
{% macro local_day(instant, tz) -%}
to_date(from_utc_timestamp({{ instant }}, {{ tz }}))
{%- endmacro %}

{% macro file_name(file) -%}
regexp_extract({{ file }}, '[^/!]+$', 0)
{%- endmacro %}

{#-
  A file's own name without folder, extension and marks of a repeated sending: 高龄津贴_201610（补）.xlsx and 高龄津贴_201610.csv are one.
  A mark stands in brackets, after a separator or after a date; a bare number in brackets is one only after a month (six digits).
-#}
{% macro bare_name(file) -%}
{%- set mark = '(补[报发送]?|更正|订正|重[报发传]|修[订改]版?|副本|终稿|第[0-9一二三四五六七八九十]次|[vV][0-9]{1,2})' -%}
regexp_replace(regexp_replace({{ file_name(file) }}, '([.][A-Za-z0-9]{1,7})+$', ''),
  '((?<=[0-9]{6}) *[(（][1-9][)）]|[ _-]*[(（【] *{{ mark }} *[)）】]|([ _-]+|(?<=[0-9月日])){{ mark }})+$', '')
{%- endmacro %}
