{# Who is entitled (or perhaps entitled) and not covered, by reason. #}
-- noqa: disable=LT02
with districts as (select * from {{ districts() }}),

reasons as (
  select v.sort, v.reason, v.reason_name, v.is_gap
  from values
    (1, 'gap', '应保未保', true),
    (2, 'record_lag', '登记滞后（宽限期内或当月数据未到）', false),
    (3, 'covered_elsewhere', '异地已参保', false),
    (4, 'higher_scheme', '享受更高待遇（优抚、离休）', false),
    (5, 'refused', '本人书面放弃', false),
    (6, 'unknown', '缺少数据，无法判断', false)
    as v (sort, reason, reason_name, is_gap)
),

counted as (
  select
    e.month,
    coalesce(d.district, '000000') as district,
    e.programme,
    case when e.entitled = 'unknown' then 'unknown' when e.gap then 'gap' else e.reason_not_gap end as reason,
    count(*) as persons
  from {{ ref('entitlement') }} as e
  left join districts as d on e.month = d.month and e.division = d.district
  where e.entitled = 'unknown' or (e.entitled = 'yes' and not e.covered)
  group by all
),

by_district as (
  select
    p.month, p.district, p.district_name, 'district' as level, g.programme, g.title as programme_name, r.sort, r.reason, r.reason_name, r.is_gap,
    coalesce(c.persons, 0) as persons
  from districts as p
  cross join {{ source('gold', 'programme') }} as g
  cross join reasons as r
  left join counted as c on p.month = c.month and p.district = c.district and g.programme = c.programme and r.reason = c.reason
)

select *, cast(null as string) as suppressed from by_district where district <> '000000' or persons > 0
union all
select
  b.month, t.district, t.district_name, 'city' as level, b.programme, b.programme_name, b.sort, b.reason, b.reason_name, b.is_gap,
  sum(b.persons) as persons, cast(null as string) as suppressed
from by_district as b
cross join {{ city() }} as t
group by b.month, t.district, t.district_name, b.programme, b.programme_name, b.sort, b.reason, b.reason_name, b.is_gap
