{#-
  Every person of gold on the last day t of each judged month, as known at K: attributes, where they are registered, what is on record (f),
  contributions, parameters in force (q), arrivals (a), evidence of attributes (e). The programmes read nothing else.
-#}
with months as (select * from {{ judged_months() }}),

history as (
  select
    *,
    registration_status = 'normal' as normal,
    from_json(evidence, 'map<string, struct<resource: string, file: string, row: bigint>>') as e
  from {{ asof(source('gold', 'person')) }}
),

person as (
  select h.*, m.month, m.t
  from history as h
  inner join months as m on {{ held('h.valid_from', 'h.valid_to', 'm.t') }}
),

absent as (
  -- The last day before t on which the registration was not yet, or not, a normal one.
  select h.person_id, m.month, max(h.valid_to) as day
  from history as h
  inner join months as m on h.valid_to <= m.t
  where not coalesce(h.normal, false)
  group by h.person_id, m.month
),

district as (
  select m.month, d.code, d.level
  from months as m
  inner join {{ source('gold', 'division') }} as d on {{ held('d.valid_from', 'd.valid_to', 'm.t') }}
),

contribution as (
  select
    c.person_id,
    m.month,
    sort_array(collect_set(year(c.period))) as years,
    collect_list(struct(c.resource, c._file as file, c._row as row)) as evidence,
    max(c.known_from) as known_from
  from {{ asof(source('gold', 'contribution')) }} as c
  inner join months as m on c.period <= m.t
  where c.scheme = 'resident_pension' and c.amount > 0 and c.person_id is not null
  group by c.person_id, m.month
),

parameter as (
  select m.month, coalesce(p.area, '') as area, map_from_entries(collect_list(struct(p.name, p.value))) as q
  from months as m
  inner join {{ source('gold', 'parameter') }} as p on {{ held('p.valid_from', 'p.valid_to', 'm.t') }}
  group by m.month, coalesce(p.area, '')
),

by_key as (
  select
    month, division, key,
    bool_and(arrived) as arrived,
    max(arrived_at) as arrived_at,
    bool_or(arrived_at is not null or key not like 'payment:%') as ever
  from {{ ref('source_arrival') }}
  group by month, division, key
),

known_key as (select key, month, bool_or(ever) as ever from by_key group by key, month),

arrival as (
  select b.month, b.division, map_from_entries(collect_list(struct(b.key, struct(b.arrived, k.ever)))) as a, max(b.arrived_at) as arrived_at
  from by_key as b
  inner join known_key as k on b.key = k.key and b.month = k.month
  group by b.month, b.division
)

select
  p.person_id,
  p.month,
  p.t,
  p.birth_date,
  p.sex,
  p.registration_status,
  case
    when p.registration_status is null and p.registered_division is null then false
    when p.registration_status <> 'normal' then false
    when p.registered_division is not null and d.code is null then false
    when p.registered_division is null or p.registration_status is null then cast(null as boolean)
    else true
  end as local,
  p.death_date is null or p.death_date > p.t as alive,
  {{ full_years('p.birth_date', 'p.t') }} as age,
  greatest(p.registered_on, x.day) as local_since,
  substr(coalesce(p.registered_division, f.division), 1, 6) as division,
  coalesce(f.f, map()) as f,
  coalesce(c.years, array()) as contribution_years,
  coalesce(c.evidence, array()) as contribution_evidence,
  map_concat(
    coalesce(map_filter(q.q, (n, v) -> not coalesce(map_contains_key(z.q, n), false)), map()), coalesce(z.q, map())
  ) as q,
  coalesce(a.a, b.a, map()) as a,
  coalesce(p.e, map()) as e,
  -- What did not come is judged by what came, so the newest arrival is an input like the records.
  greatest(p.known_from, f.known_from, c.known_from, a.arrived_at, b.arrived_at) as known_from
from person as p
left join absent as x on p.person_id = x.person_id and p.month = x.month
left join district as d on p.month = d.month and substr(p.registered_division, 1, 6) = d.code
left join {{ ref('person_fact_month') }} as f on p.person_id = f.person_id and p.month = f.month
left join contribution as c on p.person_id = c.person_id and p.month = c.month
left join parameter as q on p.month = q.month and q.area = ''
left join parameter as z on p.month = z.month and z.area = substr(p.registered_division, 1, 6)
left join arrival as a on p.month = a.month and a.division = substr(p.registered_division, 1, 6)
left join arrival as b on p.month = b.month and b.division = ''
