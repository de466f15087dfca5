{#-
  W12b 居民养老领取: of local registration, alive, 60 or older, without an employees' pension, and contributed for 15 years or under the
  transitional rules (国发〔2014〕8号 七): 60 before the scheme began; or 45 or older when it began, with a contribution for every year until 60.
-#}
with base as (
  select
    *,
    make_date({{ years('resident_pension_scheme_year') }}, 1, 1) as began,
    year({{ reaches('birth_date', years('resident_pension_age')) }}) as year_of_60
  from {{ ref('person_month') }}
),

judged as (
  select
    *,
    local as c_local,
    array('户籍区县') as m_local,
    alive as c_alive,
    array('死亡日期') as m_alive,
    age >= {{ years('resident_pension_age') }} as c_age_60,
    array('出生日期') as m_age_60,
    case
      when {{ record('payment:employee_pension') }} is not null or {{ record('insurance:employee_pension') }} is not null then false
      when {{ ever('payment:employee_pension') }} and not {{ arrived('payment:employee_pension') }} then null
      when {{ ever('payment:employee_pension') }} or {{ ever('insurance:employee_pension') }} then true
    end as c_no_employee_pension,
    array('当月职工养老金发放或参保登记（未到）') as m_no_employee_pension,
    case
      when size(contribution_years) >= {{ years('resident_pension_min_years') }} then true
      when {{ reaches('birth_date', years('resident_pension_age')) }} < began then true
      when {{ full_years('birth_date', 'began') }} >= {{ years('resident_pension_near_age') }} and (
        year_of_60 - 1 < year(began) or forall(sequence(year(began), greatest(year_of_60 - 1, year(began))), y -> array_contains(contribution_years, y))
      ) then true
      when birth_date is null or not {{ ever('contribution:resident_pension') }} then null
      else false
    end as c_contribution_rule,
    array_compact(array(
      if(birth_date is null, '出生日期', null), if({{ ever('contribution:resident_pension') }}, null, '居民养老缴费（未到）')
    )) as m_contribution_rule,
    {{ record('payment:resident_pension') }} is not null as covered,
    {{ evidence_of(['payment:resident_pension']) }} as covered_evidence,
    greatest(
      local_since, {{ reaches('birth_date', years('resident_pension_age')) }}, {{ record('ended:insurance:employee_pension') }}.day
    ) as since,
    {{ parameter('resident_pension_base') }} as due
  from base
)
{{ verdict(
  'W12b',
  {
    'local': attribute(['registered_division', 'registration_status']),
    'alive': attribute(['death_date']),
    'age_60': attribute(['birth_date']),
    'no_employee_pension': evidence_of(['payment:employee_pension', 'insurance:employee_pension']),
    'contribution_rule': 'concat(' ~ attribute(['birth_date']) ~ ', contribution_evidence)',
  },
  'payment:resident_pension',
) }}
