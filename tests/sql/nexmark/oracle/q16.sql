SELECT channel, strftime(dateTime, '%Y-%m-%d'), max(strftime(dateTime, '%H:%M')),
  count(*),
  count(CASE WHEN price < 10000 THEN 1 END),
  count(CASE WHEN price BETWEEN 10000 AND 999999 THEN 1 END),
  count(CASE WHEN price >= 1000000 THEN 1 END),
  count(DISTINCT bidder),
  count(DISTINCT CASE WHEN price < 10000 THEN bidder END),
  count(DISTINCT CASE WHEN price BETWEEN 10000 AND 999999 THEN bidder END),
  count(DISTINCT CASE WHEN price >= 1000000 THEN bidder END),
  count(DISTINCT auction),
  count(DISTINCT CASE WHEN price < 10000 THEN auction END),
  count(DISTINCT CASE WHEN price BETWEEN 10000 AND 999999 THEN auction END),
  count(DISTINCT CASE WHEN price >= 1000000 THEN auction END)
FROM bid GROUP BY 1, 2
