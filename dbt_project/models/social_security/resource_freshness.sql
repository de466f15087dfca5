{#- How fresh and how complete each resource is, from the ledger as of K. -#}
with resource as (select * from {{ source('gold', 'resource') }}),

loads as (
  select
    *, row_number() over (partition by delivery_id, file, resource order by run_id desc) as newest
  from {{ source('ops', 'ledger') }}
  where received_at <= {{ known_instant() }}
),

summed as (
  select
    resource,
    max(received_at) filter (where verdict in ('accepted', 'accepted_with_quarantine', 'duplicate')) as last_received_at,
    count(distinct delivery_id) as deliveries,
    count_if(verdict = 'refused') as files_refused,
    sum(records_in) filter (where verdict in ('accepted', 'accepted_with_quarantine')) as records_in,
    sum(accepted) filter (where verdict in ('accepted', 'accepted_with_quarantine')) as accepted,
    sum(quarantined) filter (where verdict in ('accepted', 'accepted_with_quarantine')) as quarantined,
    sum(duplicate) filter (where verdict in ('accepted', 'accepted_with_quarantine')) as duplicate,
    sum(superseded) filter (where verdict in ('accepted', 'accepted_with_quarantine')) as superseded
  from loads
  where newest = 1 and verdict <> 'withdrawn'
  group by resource
),

dated as (
  select
    r.*, s.* except (resource),
    to_date(from_utc_timestamp({{ known_instant() }}, r.tz)) as today,
    to_date(from_utc_timestamp(s.last_received_at, r.tz)) as last_received_on
  from resource as r
  left join summed as s on r.resource = s.resource
),

due as (
  -- The period that should be in by today: it ended `arrival_days` ago or earlier.
  select
    *,
    date_sub({{ period_start('date_sub(today, ' ~ promised_days('update_cycle', 'arrival_days') ~ ')', 'update_cycle') }}, 1) as due_after
  from dated
)

select
  resource,
  title as resource_name,
  provider,
  update_cycle,
  {{ cycle_name('update_cycle') }} as update_cycle_name,
  last_received_at,
  last_received_on,
  due_after,
  coalesce(last_received_on is null or last_received_on <= due_after, false) as late,
  coalesce(deliveries, 0) as deliveries,
  coalesce(files_refused, 0) as files_refused,
  coalesce(records_in, 0) as records_in,
  coalesce(accepted, 0) as accepted,
  coalesce(quarantined, 0) as quarantined,
  coalesce(duplicate, 0) as duplicate,
  coalesce(superseded, 0) as superseded,
  cast(1 - quarantined / nullif(records_in, 0) as decimal(7, 4)) as completeness
from due
