-- Engines compared: version, runtime and storage driver, with the medians of their starts.
SELECT
  engine,
  engine_version,
  runtime,
  runc_version,
  storage_driver,
  count(*) AS starts,
  count(DISTINCT host) AS hosts,
  round(median(total_ns) / 1e6, 1) AS median_ms,
  round(quantile_cont(total_ns, 0.95) / 1e6, 1) AS p95_ms,
  round(median(kernel_ns) / 1e6, 1) AS kernel_ms,
  round(median(runtime_ns) / 1e6, 1) AS runtime_ms,
  round(median(storage_ns) / 1e6, 1) AS storage_ms
FROM runs
WHERE total_ns IS NOT NULL AND NOT perturbed
GROUP BY ALL
ORDER BY median_ms, engine, engine_version;
