-- Machines compared: starts, failures, medians, and where most of their time goes.
WITH most AS (
  SELECT host, arg_max(category, ns) AS most_in
  FROM (SELECT host, category, sum(duration_ns) AS ns FROM phases WHERE NOT perturbed GROUP BY ALL)
  GROUP BY host
)
SELECT
  host,
  count(*) AS starts,
  count(*) FILTER (total_ns IS NULL OR failure <> '') AS failed,
  round(median(total_ns) / 1e6, 1) AS median_ms,
  round(quantile_cont(total_ns, 0.95) / 1e6, 1) AS p95_ms,
  any_value(most_in) AS most_in,
  max(kernel_release) AS kernel,
  max(cpus) AS cpus,
  round(median(load_average), 2) AS load,
  sum(lost_events) > 0 AS lost_some
FROM runs
LEFT JOIN most USING (host)
WHERE NOT perturbed
GROUP BY host
ORDER BY median_ms DESC, host;
