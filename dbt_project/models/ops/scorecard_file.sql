{#-
  What holds of every delivered file as of K: its newest judgement, what was wrong by dimension, and whether a later file put it right.
  Withdrawn files and control files without a data file are left out. Weights and shares are made of this table alone.
-#}
-- noqa: disable=LT02,ST09
with resource as (select * from {{ source('gold', 'resource') }}),

loads as (
  select
    *,
    row_number() over (partition by delivery_id, file, resource order by run_id desc) as newest,
    max(run_id) over (partition by delivery_id, file) as last_run,
    min(run_id) over (partition by delivery_id, file, resource, contract_version) as first_run
  from {{ source('ops', 'ledger') }}
  where received_at <= {{ known_instant() }}
),

-- A file that nothing expected at first and that a contract takes by now has one judgement, the later one.
judged as (
  select * from loads
  where
    newest = 1 and verdict <> 'withdrawn' and (resource is not null or run_id = last_run)
    and not (resource is null and verdict in ('accepted', 'accepted_with_quarantine'))
),

-- Who sends into a folder, for files that no resource is known of: who provides most of the resources that come through it.
folder as (
  select
    split_part(resource, '__', 1) as dept,
    provider,
    row_number() over (partition by split_part(resource, '__', 1) order by count(*) desc, provider) as place
  from resource
  group by split_part(resource, '__', 1), provider
),

noted as (
  select
    j.delivery_id,
    j.file,
    j.resource,
    q.records,
    coalesce(f.dimension, 'valid') as dimension,
    q.run_id = max(q.run_id) over (partition by j.delivery_id, j.file, j.resource) as present
  from judged as j
  inner join {{ source('ops', 'quality') }} as q
    on j.delivery_id = q.delivery_id and j.file = q.file and j.resource = q.resource
      and q.kind = 'reason' and q.run_id between j.first_run and j.run_id
  left join {{ ref('fault_reason') }} as f on q.name = f.reason and f.level = 'record'
  where j.verdict in ('accepted', 'accepted_with_quarantine')
),

counted as (
  select
    delivery_id,
    file,
    resource,
    sum(records) filter (where dimension = 'complete') as missing,
    sum(records) filter (where dimension = 'valid') as invalid,
    sum(records) filter (where dimension = 'unique') as clashing,
    sum(records) filter (where dimension = 'consistent') as inconsistent
  from noted
  where present
  group by delivery_id, file, resource
),

named as (
  select
    j.*,
    r.title as resource_name,
    coalesce(r.provider, o.provider, concat(j.dept, '（未登记）')) as department,
    r.update_cycle,
    coalesce(r.tz, 'Asia/Shanghai') as tz,
    {{ local_day('j.received_at', "coalesce(r.tz, 'Asia/Shanghai')") }} as received_on,
    {{ file_name('j.file') }} as file_name,
    {{ bare_name('j.file') }} as bare_name,
    j.verdict in ('accepted', 'accepted_with_quarantine') as taken,
    j.verdict = 'refused' or coalesce(j.quarantined, 0) > 0 as faulty
  from judged as j
  left join resource as r on j.resource = r.resource
  left join folder as o on j.dept = o.dept and o.place = 1
),

-- Put right: a file of the same name came later and fewer of its records (of a refused file: not all of it) were wrong. A name without
-- four digits in a row stands for any period, so there the later file must come before the period's end.
mended as (
  select b.delivery_id, b.file, b.resource, min(g.received_on) as corrected_on
  from named as b
  inner join named as g
    on b.dept = g.dept and b.bare_name = g.bare_name and b.received_at < g.received_at
      and (b.resource is null or b.resource = g.resource)
      and (b.verdict = 'refused' or g.quarantined < b.quarantined)
      and (b.bare_name rlike '[0-9]{4}' or {{ period_end('b.received_on', 'g.update_cycle') }} >= g.received_on)
  where b.faulty and g.taken
  group by b.delivery_id, b.file, b.resource
)

select
  n.delivery_id,
  n.file,
  n.file_name,
  n.department,
  n.resource,
  n.resource_name,
  trunc(n.received_on, 'MM') as month,
  n.received_at,
  n.received_on,
  n.verdict,
  case n.verdict
    when 'accepted' then '全部接收' when 'accepted_with_quarantine' then '接收，部分退回' when 'duplicate' then '重复，未再载入'
    else '整件拒收'
  end as verdict_name,
  n.reason,
  coalesce(w.name, n.reason) as reason_name,
  n.detail,
  n.cure,
  if(n.taken, n.records_in, 0) as records,
  if(n.taken, n.accepted, 0) as accepted,
  if(n.taken, n.quarantined, 0) as quarantined,
  coalesce(c.missing, 0) as missing,
  coalesce(c.invalid, 0) as invalid,
  coalesce(c.clashing, 0) + if(n.taken, coalesce(n.duplicate, 0), 0) as repeated,
  coalesce(c.inconsistent, 0) as inconsistent,
  n.faulty,
  if(n.faulty, m.corrected_on is not null, null) as corrected,
  m.corrected_on
from named as n
left join counted as c on n.delivery_id = c.delivery_id and n.file = c.file and n.resource = c.resource
left join mended as m on n.delivery_id = m.delivery_id and n.file = m.file and n.resource <=> m.resource
left join {{ ref('fault_reason') }} as w on n.reason = w.reason and w.level = 'file'
