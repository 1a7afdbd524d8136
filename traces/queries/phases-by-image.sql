-- How the starts of each image divide into kernel, runtime and storage: medians, and shares of all their time.
SELECT
  image,
  count(*) AS starts,
  round(median(total_ns) / 1e6, 1) AS median_ms,
  round(100 * sum(kernel_ns) / sum(total_ns), 1) AS kernel_percent,
  round(100 * sum(runtime_ns) / sum(total_ns), 1) AS runtime_percent,
  round(100 * sum(storage_ns) / sum(total_ns), 1) AS storage_percent,
  round(100 * sum(unattributed_ns) / sum(total_ns), 1) AS unattributed_percent,
  round(100 * sum(waiting_ns) / sum(total_ns), 1) AS waiting_percent
FROM runs
WHERE total_ns IS NOT NULL AND NOT perturbed
GROUP BY image
ORDER BY median_ms DESC, image;
