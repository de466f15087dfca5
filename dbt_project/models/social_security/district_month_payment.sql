{#- Benefits paid per month, district and kind, with a row for the whole city. Counted where the payer says it was paid. -#}
with districts as (select * from {{ districts() }}),

paid as (
  select p.person_id, trunc(p.month, 'MM') as month, substr(p.division, 1, 6) as division, p.kind, p.amount
  from {{ asof(source('gold', 'benefit_payment')) }} as p
  where p.amount > 0
),

placed as (
  select d0.month, coalesce(d.district, '000000') as district, coalesce(d.district_name, '区县不详') as district_name, p.kind, p.person_id, p.amount
  from paid as p
  inner join {{ judged_months() }} as d0 on p.month = d0.month
  left join districts as d on p.month = d.month and p.division = d.district
),

summed as (
  select month, district, district_name, 'district' as level, kind, count(distinct person_id) as persons, sum(amount) as amount
  from placed group by month, district, district_name, kind
  union all
  select p.month, t.district, t.district_name, 'city' as level, p.kind, count(distinct p.person_id) as persons, sum(p.amount) as amount
  from placed as p cross join {{ city() }} as t group by p.month, t.district, t.district_name, p.kind
)

select
  s.month, s.district, s.district_name, s.level, s.kind, coalesce(c.name, s.kind) as kind_name, s.persons,
  cast(s.amount as decimal(18, 2)) as amount,
  cast(s.amount / nullif(s.persons, 0) as decimal(18, 2)) as amount_per_person,
  cast(null as string) as suppressed
from summed as s
left join {{ source('gold', 'code') }} as c on c.list = 'benefit_kind' and s.kind = c.code
