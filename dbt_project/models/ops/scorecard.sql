{#-
  The quality of what each department sends, by month of receipt. Every department of the catalogue has a row in every month in which
  anything came from anybody; what cannot be judged is NULL. Of what cannot be judged the other parts of the score take the weight.
-#}
-- noqa: disable=LT02
{%- set weights = {'on_time_share': 30, 'complete_share': 20, 'valid_share': 20, 'unique_share': 10, 'consistent_share': 10, 'corrected_share': 10} %}
with file as (select * from {{ ref('scorecard_file') }}),

resource as (
  select
    *,
    {{ promised_days('update_cycle', 'arrival_days') }} as days,
    {{ local_day(known_instant(), 'tz') }} as today
  from {{ source('gold', 'resource') }}
),

-- A resource owes its data from the first period whose last day to arrive does not lie before its first file.
begun as (select resource, min(received_on) as first_on from file where resource is not null group by resource),

period as (
  select
    r.resource,
    r.provider as department,
    r.days,
    r.today,
    b.first_on,
    {{ period_end('p.started', 'r.update_cycle') }} as ended_on
  from resource as r
  inner join begun as b on r.resource = b.resource
  lateral view explode({{ periods_between('date_sub(b.first_on, r.days)', 'r.today', 'r.update_cycle') }}) p as started
),

arrived as (select distinct resource, received_on from file where verdict <> 'refused'),

owed as (
  -- Data of a period come after its end; where they are due on the last day itself, on that day.
  select p.resource, p.department, p.ended_on, p.days, p.today, count(a.received_on) > 0 as on_time
  from period as p
  left join arrived as a
    on p.resource = a.resource and a.received_on between date_add(p.ended_on, least(1, p.days)) and date_add(p.ended_on, p.days)
  where date_add(p.ended_on, p.days) >= p.first_on
  group by p.resource, p.department, p.ended_on, p.days, p.today
),

punctual as (
  select department, trunc(date_add(ended_on, days), 'MM') as month, count(*) as due, count_if(on_time) as due_met
  from owed
  where on_time or date_add(ended_on, days) < today
  group by department, trunc(date_add(ended_on, days), 'MM')
),

received as (
  select
    department,
    month,
    count(distinct resource) as resources,
    count(*) as files,
    count_if(verdict = 'refused') as files_refused,
    count_if(verdict = 'duplicate') as files_repeated,
    sum(records) as records,
    sum(accepted) as accepted,
    sum(quarantined) as quarantined,
    sum(missing) as missing,
    sum(invalid) as invalid,
    sum(repeated) as repeated,
    sum(inconsistent) as inconsistent,
    count_if(faulty) as files_faulty,
    count_if(corrected) as files_corrected
  from file
  group by department, month
),

department as (
  select provider as department from resource
  union
  select department from file
),

month as (select distinct month from file),

place as (
  select d.department, m.month
  from department as d
  cross join month as m
),

counted as (
  select
    p.department,
    p.month,
    {% for name in ('resources', 'files', 'files_refused', 'files_repeated', 'records', 'accepted', 'quarantined', 'missing', 'invalid',
                    'repeated', 'inconsistent', 'files_faulty', 'files_corrected') -%}
    coalesce(r.{{ name }}, 0) as {{ name }},
    {% endfor -%}
    coalesce(d.due, 0) as due,
    coalesce(d.due_met, 0) as due_met
  from place as p
  left join received as r on p.department = r.department and p.month = r.month
  left join punctual as d on p.department = d.department and p.month = d.month
),

rated as (
  select
    *,
    due_met / nullif(due, 0) as on_time_share,
    if(records > 0, greatest(0, 1 - missing / nullif(records, 0)), null) as complete_share,
    if(records > 0, greatest(0, 1 - invalid / nullif(records, 0)), null) as valid_share,
    if(records > 0, greatest(0, 1 - repeated / nullif(records, 0)), null) as unique_share,
    if(records > 0, greatest(0, 1 - inconsistent / nullif(records, 0)), null) as consistent_share,
    files_corrected / nullif(files_faulty, 0) as corrected_share
  from counted
)

select
  department,
  month,
  resources,
  files,
  files_refused,
  files_repeated,
  records,
  accepted,
  quarantined,
  missing,
  invalid,
  repeated,
  inconsistent,
  files_faulty,
  files_corrected,
  due,
  due_met,
  {% for name in weights -%}
  cast({{ name }} as decimal(9, 6)) as {{ name }},
  {% endfor -%}
  cast(
    100 * ({% for name, w in weights.items() %}{{ w }} * coalesce({{ name }}, 0){{ ' + ' if not loop.last }}{% endfor %})
    / nullif({% for name, w in weights.items() %}if({{ name }} is null, 0, {{ w }}){{ ' + ' if not loop.last }}{% endfor %}, 0)
    as decimal(5, 2)
  ) as score
from rated
