{#- Coverage per month, district and programme, with a row for the whole city. Persons are counted in the district of their registration. -#}
with districts as (select * from {{ districts() }}),

programmes as (select programme, title, sources, covering from {{ source('gold', 'programme') }}),

counted as (
  select
    e.month,
    coalesce(d.district, '000000') as district,
    e.programme,
    count_if(e.entitled = 'yes') as eligible,
    count_if(e.entitled = 'yes' and e.covered) as covered,
    count_if(e.gap) as gap,
    count_if(e.entitled = 'yes' and not e.covered and e.reason_not_gap is not null) as not_gap,
    count_if(e.entitled = 'yes' and not e.covered and e.reason_not_gap = 'covered_elsewhere') as not_gap_covered_elsewhere,
    count_if(e.entitled = 'yes' and not e.covered and e.reason_not_gap = 'higher_scheme') as not_gap_higher_scheme,
    count_if(e.entitled = 'yes' and not e.covered and e.reason_not_gap = 'refused') as not_gap_refused,
    count_if(e.entitled = 'yes' and not e.covered and e.reason_not_gap = 'record_lag') as not_gap_record_lag,
    count_if(e.entitled = 'unknown') as `unknown`,
    count_if(e.entitled = 'no' and e.covered) as covered_not_entitled
  from {{ ref('entitlement') }} as e
  left join districts as d on e.month = d.month and e.division = d.district
  group by e.month, coalesce(d.district, '000000'), e.programme
),

wanted as (
  select programme, key, key = 'register' or key = covering as needed
  from (select programme, covering, explode(split(sources, ',')) as key from programmes)
),

completeness as (
  -- Share of the sources that had arrived. One that never sent anything counts only where the programme cannot do without it.
  select p.month, p.district, w.programme, avg(if(a.key is not null, if(a.arrived, 1.0, 0.0), if(w.needed, 0.0, null))) as coverage
  from districts as p
  cross join wanted as w
  left join {{ ref('source_arrival') }} as a
    on w.key = a.key and p.month = a.month and if(p.district = '000000', '', p.district) = a.division
  group by p.month, p.district, w.programme
),

by_district as (
  select
    p.month, p.district, p.district_name, 'district' as level, g.programme, g.title as programme_name,
    coalesce(c.eligible, 0) as eligible,
    coalesce(c.covered, 0) as covered,
    coalesce(c.gap, 0) as gap,
    coalesce(c.not_gap, 0) as not_gap,
    coalesce(c.not_gap_covered_elsewhere, 0) as not_gap_covered_elsewhere,
    coalesce(c.not_gap_higher_scheme, 0) as not_gap_higher_scheme,
    coalesce(c.not_gap_refused, 0) as not_gap_refused,
    coalesce(c.not_gap_record_lag, 0) as not_gap_record_lag,
    coalesce(c.unknown, 0) as `unknown`,
    coalesce(c.covered_not_entitled, 0) as covered_not_entitled,
    k.coverage
  from districts as p
  cross join programmes as g
  left join counted as c on p.month = c.month and p.district = c.district and g.programme = c.programme
  left join completeness as k on p.month = k.month and p.district = k.district and g.programme = k.programme
),

together as (
  select * from by_district
  union all
  select
    b.month, t.district, t.district_name, 'city' as level, b.programme, b.programme_name,
    sum(b.eligible), sum(b.covered), sum(b.gap), sum(b.not_gap), sum(b.not_gap_covered_elsewhere), sum(b.not_gap_higher_scheme),
    sum(b.not_gap_refused), sum(b.not_gap_record_lag), sum(b.unknown), sum(b.covered_not_entitled),
    avg(b.coverage) filter (where b.district <> '000000')
  from by_district as b
  cross join {{ city() }} as t
  group by b.month, t.district, t.district_name, b.programme, b.programme_name
)

select
  month, district, district_name, level, programme, programme_name,
  eligible, covered, gap, not_gap, not_gap_covered_elsewhere, not_gap_higher_scheme, not_gap_refused, not_gap_record_lag,
  `unknown`, covered_not_entitled,
  cast(if(coverage >= 0.95 and eligible > 0, covered / eligible, null) as decimal(7, 4)) as coverage_rate,
  cast(coverage as decimal(5, 4)) as coverage,
  cast(null as string) as suppressed
from together
where district <> '000000' or eligible + `unknown` + covered_not_entitled > 0
