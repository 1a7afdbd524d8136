-- Recordings that lost records, and where: their values are incomplete.
-- Counts are totals of a recording; in files of trace watch each start has the count since the watch began.
SELECT
  trace_id,
  host,
  day,
  source,
  place,
  max(records) AS records
FROM losses
GROUP BY ALL
HAVING max(records) > 0
ORDER BY records DESC, trace_id, place;
