-- What overlayfs copied from each image: files, bytes, time, how much before the entrypoint, and folders or files without data.
SELECT
  image,
  count(DISTINCT (copyups.trace_id, copyups.container_id)) AS starts,
  count(*) FILTER (bytes > 0) AS files,
  count(*) FILTER (bytes = 0) AS without_data,
  sum(bytes) AS bytes,
  round(sum(duration_ns) / 1e6, 1) AS ms,
  count(*) FILTER (bytes > 0 AND before_entrypoint) AS files_before_entrypoint,
  arg_max(path, bytes) AS largest_file,
  max(bytes) AS largest_bytes,
  count(*) FILTER (copyups.certainty = 'inferred') AS inferred
FROM copyups
JOIN runs USING (trace_id, container_id)
GROUP BY image
ORDER BY ms DESC, image;
