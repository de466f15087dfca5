{#
  Which sources had arrived by K, per month and district. A source that fills a month (payments) has arrived when a record of that month (and of
  that district, if it is sent by district) is there; a register has arrived when a delivery was received on or after the month's last day.
#}
-- noqa: disable=LT02
with months as (select * from {{ judged_months() }}),

resources as (select * from {{ source('gold', 'resource') }}),

received as (
  select l.resource, max(l.received_at) as received_at
  from {{ source('ops', 'ledger') }} as l
  where l.verdict in ('accepted', 'accepted_with_quarantine', 'duplicate') and l.received_at <= {{ known_instant() }}
  group by l.resource
),

paid as (
  select resource, concat('payment:', kind) as key, trunc(month, 'MM') as month, substr(division, 1, 6) as division, min(known_from) as known_from
  from {{ asof(source('gold', 'benefit_payment')) }}
  group by resource, kind, trunc(month, 'MM'), substr(division, 1, 6)
),

kept as (
  select distinct resource, concat('insurance:', scheme) as key from {{ asof(source('gold', 'insurance_spell')) }}
  union
  select distinct resource, 'school' as key from {{ asof(source('gold', 'school_enrolment')) }}
  union
  select distinct resource, concat('contribution:', scheme) as key from {{ asof(source('gold', 'contribution')) }}
  union
  select resource, 'register' as key from resources where register
),

place as (
  select m.month, m.t, d.code as division
  from months as m
  inner join {{ source('gold', 'division') }} as d
    on (d.level is null or d.level = 'county') and {{ held('d.valid_from', 'd.valid_to', 'm.t') }}
  union all
  select m.month, m.t, '' as division from months as m
),

by_month as (
  select
    k.key,
    k.resource,
    p.month,
    p.division,
    count(f.resource) > 0 as arrived,
    min(f.known_from) as arrived_at
  from (select distinct key, resource from paid) as k
  inner join resources as r on k.resource = r.resource
  cross join place as p
  left join paid as f
    on k.key = f.key and k.resource = f.resource and p.month = f.month
      and (not r.per_division or p.division = '' or p.division = f.division)
  group by k.key, k.resource, p.month, p.division
),

by_receipt as (
  select
    k.key,
    k.resource,
    p.month,
    p.division,
    coalesce(to_date(from_utc_timestamp(v.received_at, r.tz)) >= p.t, false) as arrived,
    v.received_at as arrived_at
  from kept as k
  inner join resources as r on k.resource = r.resource
  left join received as v on k.resource = v.resource
  cross join place as p
)

select key, resource, month, division, arrived, arrived_at from by_month
union all
select key, resource, month, division, arrived, arrived_at from by_receipt
