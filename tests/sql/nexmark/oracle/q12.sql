-- The windows are those of the clock: what is certain is their sum for each bidder.
SELECT bidder, count(*) FROM bid GROUP BY bidder
