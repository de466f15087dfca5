{{ config(tags=['after_models']) }}
-- The row of the whole city is the sum of its districts, in every count.
select c.month, c.programme
from {{ ref('district_month_coverage') }} as c
inner join (
  select month, programme, sum(eligible) as eligible, sum(covered) as covered, sum(gap) as gap, sum(not_gap) as not_gap, sum(unknown) as unknown
  from {{ ref('district_month_coverage') }} where level = 'district' group by month, programme
) as d on c.month = d.month and c.programme = d.programme
where c.level = 'city'
  and struct(c.eligible, c.covered, c.gap, c.not_gap, c.unknown) <> struct(d.eligible, d.covered, d.gap, d.not_gap, d.unknown)
