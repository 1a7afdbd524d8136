-- What network set-up costs a start, by network mode and engine.
WITH cost AS (
  SELECT trace_id, container_id, sum(duration_ns) AS ns
  FROM phases
  WHERE category = 'network set-up'
  GROUP BY ALL
)
SELECT
  coalesce(network, '(not known)') AS network,
  engine,
  engine_version,
  count(*) AS starts,
  round(median(total_ns) / 1e6, 1) AS start_ms,
  round(median(coalesce(ns, 0)) / 1e6, 1) AS network_ms,
  round(quantile_cont(coalesce(ns, 0), 0.95) / 1e6, 1) AS network_p95_ms,
  round(100 * sum(coalesce(ns, 0)) / sum(total_ns), 1) AS percent
FROM runs
LEFT JOIN cost USING (trace_id, container_id)
WHERE total_ns IS NOT NULL AND NOT perturbed
GROUP BY ALL
ORDER BY network_ms DESC, network, engine_version;
