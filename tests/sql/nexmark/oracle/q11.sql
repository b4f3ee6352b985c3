-- A session goes on while the gap to the bid before is at most 10 seconds: windows that touch are one.
WITH marked AS (
  SELECT bidder, dateTime,
    CASE WHEN dateTime <= lag(dateTime) OVER (PARTITION BY bidder ORDER BY dateTime) + INTERVAL 10 SECOND THEN 0 ELSE 1 END AS begins
  FROM bid
), numbered AS (
  SELECT bidder, dateTime, sum(begins) OVER (PARTITION BY bidder ORDER BY dateTime ROWS UNBOUNDED PRECEDING) AS session FROM marked
)
SELECT bidder, count(*), min(dateTime), max(dateTime) + INTERVAL 10 SECOND FROM numbered GROUP BY bidder, session
