{#- Each resource against its promised cadence. Resources of which nothing ever came are not due yet: they have a state of their own. -#}
with dated as (
  select
    f.*,
    {{ promised_days('f.update_cycle', 'r.arrival_days') }} as days,
    {{ local_day(known_instant(), 'r.tz') }} as today
  from {{ ref('resource_freshness') }} as f
  inner join {{ source('gold', 'resource') }} as r on f.resource = r.resource
),

expected as (
  -- The period after the one that the last arrival served ends with the period in which it arrived; where data are due on a period's
  -- last day itself, that arrival served its own period.
  select
    *,
    date_add({{ period_end('date_add(last_received_on, 1 - least(1, days))', 'update_cycle') }}, days) as next_due_on
  from dated
),

stated as (
  select
    *,
    case
      when deliveries = 0 then 'never'
      when last_received_on is null then 'refused'
      when update_cycle = 'irregular' then 'irregular'
      when late then 'late'
      else 'on_time'
    end as state
  from expected
)

select
  resource,
  resource_name,
  provider as department,
  update_cycle_name,
  days as promised_days,
  last_received_at,
  last_received_on,
  next_due_on,
  state,
  case state
    when 'late' then '逾期' when 'refused' then '仅有拒收' when 'on_time' then '按期' when 'irregular' then '不定期' else '未接入'
  end as state_name,
  case state when 'late' then 1 when 'refused' then 1 when 'on_time' then 2 when 'irregular' then 3 else 4 end as state_order,
  if(state = 'late', datediff(today, next_due_on), null) as days_late,
  deliveries,
  files_refused,
  records_in,
  quarantined,
  completeness as accepted_share
from stated
