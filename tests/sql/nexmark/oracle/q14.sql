WITH euros AS (SELECT *, CAST(0.908 AS DECIMAL(4, 3)) * CAST(price AS DECIMAL(19, 0)) AS euro FROM bid)
SELECT auction, bidder, euro,
  CASE WHEN hour(dateTime) BETWEEN 8 AND 18 THEN 'dayTime' WHEN hour(dateTime) <= 6 OR hour(dateTime) >= 20 THEN 'nightTime' ELSE 'otherTime' END,
  dateTime, extra, len(string_split(extra, 'c')) - 1
FROM euros WHERE euro > 1000000 AND euro < 50000000
