{#- Everything on record about a person in a judged month, as one map per person and month; what a programme needs it takes by key. -#}
with months as (select * from {{ judged_months() }}),

payment as (
  select
    p.person_id,
    m.month,
    concat('payment:', p.kind) as key,
    sum(p.amount) as amount,
    max(p.known_from) as known_from,
    cast(null as date) as day,
    collect_list(struct(p.resource, p._file as file, p._row as row)) as evidence,
    max(p.division) as division
  from {{ asof(source('gold', 'benefit_payment')) }} as p
  inner join months as m on trunc(p.month, 'MM') = m.month
  where p.amount > 0 and p.person_id is not null
  group by p.person_id, m.month, p.kind
),

spell as (
  {{ spells('gold', 'insurance_spell', "concat('insurance:', scheme)", "status = 'active'") }}
  union all
  {{ spells('gold', 'school_enrolment', "'school'", "status = 'enrolled'") }}
  union all
  {{ spells('gold', 'benefit_spell', "concat('benefit:', kind)", "true") }}
  union all
  select
    person_id, concat('refusal:', programme) as key, true as runs, signed_on as valid_from, valid_to, known_from, division, resource, _file, _row
  from {{ asof(source('gold', 'refusal')) }}
),

running as (
  select
    s.person_id,
    m.month,
    s.key,
    cast(null as decimal(28, 2)) as amount,
    max(s.known_from) as known_from,
    min(s.valid_from) as day,
    collect_list(struct(s.resource, s._file as file, s._row as row)) as evidence,
    max(s.division) as division
  from spell as s
  inner join months as m on {{ held('s.valid_from', 's.valid_to', 'm.t') }}
  where s.runs and s.person_id is not null
  group by s.person_id, m.month, s.key
),

ended as (
  -- When the last spell ended that is over by t: whoever left school or a job is given time to enrol elsewhere.
  select
    s.person_id,
    m.month,
    concat('ended:', s.key) as key,
    cast(null as decimal(28, 2)) as amount,
    max(s.known_from) as known_from,
    max(s.valid_to) as day,
    cast(array() as array<struct<resource: string, file: string, row: bigint>>) as evidence,
    cast(null as string) as division
  from spell as s
  inner join months as m on s.valid_to <= m.t
  where s.runs and s.person_id is not null and (s.key = 'school' or s.key = 'insurance:employee_pension')
  group by s.person_id, m.month, s.key
),

everything as (
  select * from payment
  union all
  select * from running
  union all
  select * from ended
)

select
  person_id,
  month,
  map_from_entries(collect_list(struct(key, struct(cast(amount as decimal(18, 2)) as amount, day, evidence)))) as f,
  max(known_from) as known_from,
  max(division) as division
from everything
group by person_id, month
