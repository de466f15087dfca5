{#- W12a 居民养老参保: of local registration, alive, 16 to 59, no pupil or student, not in the employees' scheme, drawing no pension. -#}
with judged as (
  select
    *,
    local as c_local,
    array('户籍区县') as m_local,
    alive as c_alive,
    array('死亡日期') as m_alive,
    age >= {{ years('resident_pension_join_age') }} as c_age_16,
    array('出生日期') as m_age_16,
    age < {{ years('resident_pension_age') }} as c_below_60,
    array('出生日期') as m_below_60,
    case when {{ record('school') }} is not null then false when {{ ever('school') }} then true end as c_not_enrolled,
    array('学籍（未到）') as m_not_enrolled,
    case
      when {{ record('insurance:employee_pension') }} is not null then false
      when {{ ever('insurance:employee_pension') }} then true
    end as c_no_employee_pension,
    array('职工养老参保登记（未到）') as m_no_employee_pension,
    case
      when {{ record('payment:resident_pension') }} is not null or {{ record('payment:employee_pension') }} is not null then false
      when {{ ever('payment:resident_pension') }} and not {{ arrived('payment:resident_pension') }} then null
      when {{ ever('payment:employee_pension') }} and not {{ arrived('payment:employee_pension') }} then null
      else true
    end as c_draws_no_pension,
    array('当月养老金发放（未到）') as m_draws_no_pension,
    {{ record('insurance:resident_pension') }} is not null as covered,
    {{ evidence_of(['insurance:resident_pension']) }} as covered_evidence,
    greatest(
      local_since,
      {{ reaches('birth_date', years('resident_pension_join_age')) }},
      {{ record('ended:school') }}.day,
      {{ record('ended:insurance:employee_pension') }}.day
    ) as since,
    cast(null as decimal(18, 2)) as due
  from {{ ref('person_month') }}
)
{{ verdict(
  'W12a',
  {
    'local': attribute(['registered_division', 'registration_status']),
    'alive': attribute(['death_date']),
    'age_16': attribute(['birth_date']),
    'below_60': attribute(['birth_date']),
    'not_enrolled': evidence_of(['school']),
    'no_employee_pension': evidence_of(['insurance:employee_pension']),
    'draws_no_pension': evidence_of(['payment:resident_pension', 'payment:employee_pension']),
  },
  'insurance:resident_pension',
) }}
