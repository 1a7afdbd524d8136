-- Recordings that lost records, and where: their figures are incomplete.
-- Counts are totals of a recording; what trace watch wrote says with each start what was lost since the watch began.
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
