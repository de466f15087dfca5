{{ config(tags=['after_models']) }}
-- Nobody is lost between the persons and the whole city's row.
with e as (
  select month, programme, count_if(entitled = 'yes') as eligible, count_if(gap) as gap, count_if(entitled = 'unknown') as unknown
  from {{ ref('entitlement') }} group by month, programme
)
select e.month, e.programme
from e left join {{ ref('district_month_coverage') }} as c on e.month = c.month and e.programme = c.programme and c.level = 'city'
where c.month is null or struct(e.eligible, e.gap, e.unknown) <> struct(c.eligible, c.gap, c.unknown)
