{#- The schematic map (示意图): one tile a district, no borders, with the newest month's coverage. -#}
with newest as (select max(month) as month from {{ ref('district_month_coverage') }})

select
  c.month, c.district, c.district_name, p.x, p.y, c.programme, c.programme_name, c.eligible, c.covered, c.gap, c.coverage_rate, c.coverage,
  cast(null as string) as suppressed
from {{ ref('district_month_coverage') }} as c
inner join newest as n on c.month = n.month
left join {{ ref('district_place') }} as p on c.district = p.code
where c.level = 'district' and c.district <> '000000'
