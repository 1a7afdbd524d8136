-- When each milestone is reached, in ms since the create request: the median, the 90th and the 99th percentile.
SELECT
  name AS milestone,
  count(*) AS starts,
  round(quantile_cont(since_start_ns, 0.5) / 1e6, 1) AS p50_ms,
  round(quantile_cont(since_start_ns, 0.9) / 1e6, 1) AS p90_ms,
  round(quantile_cont(since_start_ns, 0.99) / 1e6, 1) AS p99_ms,
  count(*) FILTER (certainty = 'inferred') AS inferred
FROM milestones
WHERE since_start_ns IS NOT NULL AND NOT perturbed
GROUP BY name
ORDER BY p50_ms, name;
