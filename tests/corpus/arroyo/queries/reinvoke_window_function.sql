CREATE VIEW cars_pickups AS SELECT * FROM cars WHERE event_type = 'pickup';

CREATE TABLE reinvoke_window_function (
  `start` TIMESTAMP(3), `end` TIMESTAMP(3), drivers BIGINT
) WITH (${APPENDS});

INSERT INTO reinvoke_window_function
SELECT window_start, window_end, COUNT(DISTINCT driver_id)
FROM (
  SELECT window_start, window_end, driver_id, COUNT(*) AS pickups
  FROM TABLE(TUMBLE(TABLE cars_pickups, DESCRIPTOR(`timestamp`), INTERVAL '1' HOUR))
  GROUP BY window_start, window_end, driver_id
)
WHERE pickups > 2
GROUP BY window_start, window_end;
