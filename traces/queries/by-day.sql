-- How starts change from day to day: count, failures, medians, 95th percentile.
SELECT
  day,
  count(*) AS starts,
  count(*) FILTER (total_ns IS NULL OR failure <> '') AS failed,
  round(median(total_ns) / 1e6, 1) AS median_ms,
  round(quantile_cont(total_ns, 0.95) / 1e6, 1) AS p95_ms,
  round(median(kernel_ns) / 1e6, 1) AS kernel_ms,
  round(median(runtime_ns) / 1e6, 1) AS runtime_ms,
  round(median(storage_ns) / 1e6, 1) AS storage_ms,
  count(DISTINCT host) AS hosts
FROM runs
WHERE NOT perturbed
GROUP BY day
ORDER BY day;
