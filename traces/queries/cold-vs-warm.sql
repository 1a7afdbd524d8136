-- Cold and warm starts of each image: a cold one spent 5 ms or more reading binaries and files from the disk.
-- Another threshold: --set cold_ms=20
WITH disk AS (
  SELECT trace_id, container_id, sum(duration_ns) AS ns
  FROM phases
  WHERE category IN ('cold binaries', 'disk wait')
  GROUP BY ALL
)
SELECT
  image,
  CASE
    WHEN coalesce(ns, 0) >= 1e6 * coalesce(getvariable('cold_ms')::DOUBLE, 5) THEN 'cold'
    ELSE 'warm'
  END AS cache,
  count(*) AS starts,
  round(median(total_ns) / 1e6, 1) AS median_ms,
  round(median(coalesce(ns, 0)) / 1e6, 1) AS disk_ms,
  round(median(total_ns - coalesce(ns, 0)) / 1e6, 1) AS rest_ms
FROM runs
LEFT JOIN disk USING (trace_id, container_id)
WHERE total_ns IS NOT NULL AND NOT perturbed
GROUP BY ALL
ORDER BY image, cache;
