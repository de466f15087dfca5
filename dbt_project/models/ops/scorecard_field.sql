{#- What is wrong most: records refused, by month of receipt, resource, field and reason. -#}
-- noqa: disable=LT02
with title as (
  select resource, map_from_entries(collect_list(struct(field, title))) as titles
  from {{ source('gold', 'field') }}
  group by resource
),

-- The rows of the judgement that holds: the last ones between the first load of the file under its contract and its newest judgement.
load as (
  select
    delivery_id,
    file,
    resource,
    run_id,
    row_number() over (partition by delivery_id, file, resource order by run_id desc) as newest,
    min(run_id) over (partition by delivery_id, file, resource, contract_version) as first_run
  from {{ source('ops', 'ledger') }}
  where received_at <= {{ known_instant() }}
),

noted as (
  select
    f.month,
    f.department,
    f.resource,
    f.resource_name,
    q.field,
    q.name as reason,
    q.records,
    q.run_id = max(q.run_id) over (partition by l.delivery_id, l.file, l.resource) as present
  from load as l
  inner join {{ ref('scorecard_file') }} as f on l.delivery_id = f.delivery_id and l.file = f.file and l.resource = f.resource
  inner join {{ source('ops', 'quality') }} as q
    on l.delivery_id = q.delivery_id and l.file = q.file and l.resource = q.resource
      and q.kind = 'reason' and q.run_id between l.first_run and l.run_id
  where l.newest = 1 and f.verdict in ('accepted', 'accepted_with_quarantine')
),

counted as (
  select month, department, resource, any_value(resource_name) as resource_name, coalesce(field, '') as field, reason, sum(records) as records
  from noted
  where present
  group by month, department, resource, coalesce(field, ''), reason
),

whole as (
  select month, resource, sum(records) as records_in
  from {{ ref('scorecard_file') }}
  where resource is not null
  group by month, resource
)

select
  c.month,
  c.department,
  c.resource,
  coalesce(c.resource_name, c.resource) as resource_name,
  c.field,
  if(c.field = '', '（整条记录）',
    array_join(transform(split(c.field, '[,、]'), f -> coalesce(try_element_at(t.titles, f), f)), '、')
  ) as field_name,
  c.reason,
  coalesce(r.name, c.reason) as reason_name,
  coalesce(r.dimension, 'valid') as dimension,
  case coalesce(r.dimension, 'valid') when 'complete' then '完整' when 'unique' then '唯一' when 'consistent' then '一致' else '有效' end
    as dimension_name,
  c.records,
  w.records_in,
  cast(c.records / nullif(w.records_in, 0) as decimal(9, 6)) as share
from counted as c
inner join whole as w on c.month = w.month and c.resource = w.resource
left join title as t on c.resource = t.resource
left join {{ ref('fault_reason') }} as r on c.reason = r.reason and r.level = 'record'
