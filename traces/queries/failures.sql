-- Starts that failed or did not reach their entrypoint, by the engine's message.
SELECT
  image,
  count(*) AS starts,
  coalesce(nullif(failure, ''), '(no entrypoint was seen)') AS failure,
  min(started_at)::TIMESTAMP(0) AS first_utc,
  max(started_at)::TIMESTAMP(0) AS last_utc,
  count(DISTINCT host) AS hosts,
  any_value(trace_id) AS a_trace
FROM runs
WHERE total_ns IS NULL OR failure <> ''
GROUP BY image, failure
ORDER BY starts DESC, image;
