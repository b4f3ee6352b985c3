CREATE TABLE windowed_outer_join (
  `hour` TIMESTAMP(3), drivers BIGINT, pickups BIGINT
) WITH (${APPENDS});

INSERT INTO windowed_outer_join
SELECT COALESCE(dropoffs.window_start, pickups.window_start), dropoff_drivers, pickup_drivers
FROM (
  SELECT window_start, window_end, COUNT(DISTINCT driver_id) AS dropoff_drivers
  FROM TABLE(TUMBLE(TABLE cars, DESCRIPTOR(`timestamp`), INTERVAL '1' HOUR)) WHERE event_type = 'dropoff' GROUP BY window_start, window_end
) dropoffs
FULL OUTER JOIN (
  SELECT window_start, window_end, COUNT(DISTINCT driver_id) AS pickup_drivers
  FROM TABLE(TUMBLE(TABLE cars, DESCRIPTOR(`timestamp`), INTERVAL '1' HOUR)) WHERE event_type = 'pickup' GROUP BY window_start, window_end
) pickups
ON dropoffs.window_start = pickups.window_start AND dropoffs.window_end = pickups.window_end;
