-- What grew from one day to another: mean ms per start and category. Compares the two newest days, or --set before=DAY --set after=DAY.
WITH
whole AS MATERIALIZED (
  SELECT day FROM runs WHERE total_ns IS NOT NULL AND NOT perturbed
),
days AS (
  SELECT DISTINCT day FROM whole
),
chosen AS (
  SELECT
    coalesce(getvariable('after')::DATE, max(day)) AS after_day,
    coalesce(
      getvariable('before')::DATE,
      (SELECT max(day) FROM days WHERE day < coalesce(getvariable('after')::DATE, (SELECT max(day) FROM days)))
    ) AS before_day
  FROM days
),
starts AS (
  SELECT
    count(*) FILTER (day = before_day) AS n_before,
    count(*) FILTER (day = after_day) AS n_after
  FROM whole, chosen
),
spent AS (
  SELECT
    phase,
    category,
    coalesce(sum(duration_ns) FILTER (day = before_day), 0) AS ns_before,
    coalesce(sum(duration_ns) FILTER (day = after_day), 0) AS ns_after
  FROM phases, chosen
  WHERE NOT perturbed
  GROUP BY phase, category
)
SELECT
  phase,
  category,
  round(ns_before / n_before / 1e6, 2) AS before_ms,
  round(ns_after / n_after / 1e6, 2) AS after_ms,
  round(ns_after / n_after / 1e6 - ns_before / n_before / 1e6, 2) AS grew_ms,
  before_day,
  n_before AS starts_before,
  after_day,
  n_after AS starts_after
FROM spent, starts, chosen
WHERE n_before > 0 AND n_after > 0
ORDER BY grew_ms DESC, phase, category;
