{#- W9 高龄津贴: of local registration, alive, 80 or older on the month's last day. -#}
with judged as (
  select
    *,
    local as c_local,
    array('户籍区县') as m_local,
    alive as c_alive,
    array('死亡日期') as m_alive,
    age >= {{ years('elderly_allowance_age') }} as c_age_80,
    array('出生日期') as m_age_80,
    {{ record('payment:elderly_allowance') }} is not null as covered,
    {{ evidence_of(['payment:elderly_allowance']) }} as covered_evidence,
    greatest(local_since, {{ reaches('birth_date', years('elderly_allowance_age')) }}) as since,
    case
      when age >= 100 then {{ parameter('elderly_allowance_100') }}
      when age >= 90 then {{ parameter('elderly_allowance_90') }}
      when age >= {{ years('elderly_allowance_age') }} then {{ parameter('elderly_allowance_80') }}
    end as due
  from {{ ref('person_month') }}
)
{{ verdict(
  'W9',
  {
    'local': attribute(['registered_division', 'registration_status']),
    'alive': attribute(['death_date']),
    'age_80': attribute(['birth_date']),
  },
  'payment:elderly_allowance',
) }}
