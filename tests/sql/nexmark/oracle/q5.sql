-- Each bid lies in the five windows that begin at most 8 seconds before its own 2 seconds.
WITH counts AS (
  SELECT auction, count(*) AS num, starttime
  FROM bid, generate_series(0, 4) AS back(n), LATERAL (SELECT time_bucket(INTERVAL 2 SECOND, dateTime) - n * INTERVAL 2 SECOND AS starttime) AS w
  GROUP BY auction, starttime
)
SELECT auction, num FROM counts QUALIFY num = max(num) OVER (PARTITION BY starttime)
