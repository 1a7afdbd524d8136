-- The slowest starts, and what took most of each.
-- Starts that a source slowed down (perturbed) come last: do not compare their times with the others.
SELECT
  round(total_ns / 1e6, 1) AS ms,
  image,
  name,
  dominant_category AS most_in,
  round(dominant_ns / 1e6, 1) AS most_ms,
  finding,
  host,
  started_at::TIMESTAMP(0) AS started_utc,
  perturbed,
  trace_id
FROM runs
WHERE total_ns IS NOT NULL
ORDER BY perturbed, total_ns DESC, trace_id, container_id
LIMIT 20;
