WITH highest AS (
  SELECT max(price) AS price, time_bucket(INTERVAL 10 SECOND, dateTime) + INTERVAL 10 SECOND AS ends FROM bid GROUP BY ends
)
SELECT B.auction, B.bidder, B.price, B.dateTime, B.extra
FROM bid B JOIN highest H ON B.price = H.price AND B.dateTime BETWEEN H.ends - INTERVAL 10 SECOND AND H.ends
