SELECT auction, strftime(dateTime, '%Y-%m-%d'),
  count(*),
  count(CASE WHEN price < 10000 THEN 1 END),
  count(CASE WHEN price BETWEEN 10000 AND 999999 THEN 1 END),
  count(CASE WHEN price >= 1000000 THEN 1 END),
  min(price), max(price), CAST(sum(price) // count(*) AS BIGINT), CAST(sum(price) AS BIGINT)
FROM bid GROUP BY 1, 2
