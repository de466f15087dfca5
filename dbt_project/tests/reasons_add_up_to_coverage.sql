{{ config(tags=['after_models']) }}
-- The list of reasons and the coverage table count the same people.
select c.month, c.district, c.programme
from {{ ref('district_month_coverage') }} as c
left join (
  select month, district, programme, sum(persons) filter (where reason = 'gap') as gap,
    sum(persons) filter (where reason not in ('gap', 'unknown')) as not_gap, sum(persons) filter (where reason = 'unknown') as unknown
  from {{ ref('district_month_gap_reason') }} group by month, district, programme
) as r on c.month = r.month and c.district = r.district and c.programme = r.programme
where struct(c.gap, c.not_gap, c.unknown) <> struct(coalesce(r.gap, 0), coalesce(r.not_gap, 0), coalesce(r.unknown, 0))
