{{ config(tags=['after_models']) }}
-- What was paid in the judged months, known at K, stands in the city's rows to the cent.
with f as (
  select trunc(p.month, 'MM') as month, p.kind, sum(p.amount) as amount
  from {{ asof(source('gold', 'benefit_payment')) }} as p
  inner join {{ judged_months() }} as m on trunc(p.month, 'MM') = m.month
  where p.amount > 0 group by trunc(p.month, 'MM'), p.kind
)
select f.month, f.kind
from f left join {{ ref('district_month_payment') }} as c on f.month = c.month and f.kind = c.kind and c.level = 'city'
where c.month is null or f.amount <> c.amount
