-- What threads on the critical path wait for, per start: blocked, and on what, or runnable without a CPU.
WITH starts AS (
  SELECT count(*) AS n FROM runs WHERE total_ns IS NOT NULL AND NOT perturbed
)
SELECT
  category,
  actor,
  CASE WHEN state = 'runnable' THEN 'a CPU' ELSE coalesce(nullif(waits_for, ''), '(not known)') END AS waits_for,
  round(sum(duration_ns) / any_value(n) / 1e6, 2) AS ms_a_start,
  round(max(duration_ns) / 1e6, 2) AS longest_ms,
  round(count(*) / any_value(n), 1) AS waits_a_start,
  round(100 * coalesce(sum(duration_ns) FILTER (certainty = 'inferred'), 0) / sum(duration_ns), 1) AS inferred_percent
FROM segments, starts
WHERE state IN ('blocked', 'runnable') AND NOT perturbed
GROUP BY ALL
ORDER BY ms_a_start DESC, category, actor, waits_for
LIMIT 40;
