-- Why slow starts are slow: those beyond the 95th percentile of their image, and the category that exceeds its median most.
WITH
starts AS MATERIALIZED (
  SELECT trace_id, container_id, image, host, started_at, total_ns, finding_title
  FROM runs
  WHERE total_ns IS NOT NULL AND NOT perturbed
),
by_category AS MATERIALIZED (
  SELECT trace_id, container_id, category, sum(duration_ns) AS ns FROM phases GROUP BY ALL
),
usual AS (
  SELECT image, quantile_cont(total_ns, 0.95) AS p95 FROM starts GROUP BY image
),
-- A category that a start does not have counts as 0.
spent AS (
  SELECT trace_id, container_id, image, category, coalesce(ns, 0) AS ns
  FROM starts
  CROSS JOIN (SELECT DISTINCT category FROM by_category)
  LEFT JOIN by_category USING (trace_id, container_id, category)
),
typical AS (
  SELECT image, category, median(ns) AS ns FROM spent GROUP BY ALL
),
excess AS (
  SELECT
    spent.trace_id,
    spent.container_id,
    arg_max(category, spent.ns - typical.ns) AS cause,
    max(spent.ns - typical.ns) AS excess_ns
  FROM spent
  JOIN typical USING (image, category)
  GROUP BY ALL
)
SELECT
  round(total_ns / 1e6, 1) AS ms,
  image,
  cause,
  round(excess_ns / 1e6, 1) AS above_its_median_ms,
  finding_title AS finding,
  host,
  started_at::TIMESTAMP(0) AS started_utc,
  trace_id
FROM starts
JOIN usual USING (image)
JOIN excess USING (trace_id, container_id)
WHERE total_ns >= p95
ORDER BY total_ns DESC, trace_id
LIMIT 50;
