-- Which of two equal winners comes first is open: such events are no oracle.
WITH offers AS (
  SELECT A.id, A.seller, B.price, B.dateTime, rank() OVER (PARTITION BY A.id ORDER BY B.price DESC) AS place
  FROM auction A JOIN bid B ON A.id = B.auction AND B.dateTime BETWEEN A.dateTime AND A.expires
),
winners AS (SELECT * FROM offers WHERE place = 1),
ties AS (
  SELECT count(*) AS n FROM winners GROUP BY id HAVING count(*) > 1
  UNION ALL
  SELECT count(*) FROM winners GROUP BY seller, dateTime HAVING count(*) > 1
)
SELECT seller, CASE WHEN (SELECT count(*) FROM ties) > 0 THEN CAST(error('two winners of q6 tie: ' || price) AS BIGINT)
  ELSE CAST(sum(price) OVER last_ten // count(*) OVER last_ten AS BIGINT) END
FROM winners
WINDOW last_ten AS (PARTITION BY seller ORDER BY dateTime ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)
