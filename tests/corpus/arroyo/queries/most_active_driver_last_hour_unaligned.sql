CREATE TABLE most_active_driver_last_hour_unaligned (
  driver_id BIGINT, `count` BIGINT, `start` TIMESTAMP(3), `end` TIMESTAMP(3), `row_number` BIGINT
) WITH (${APPENDS});

INSERT INTO most_active_driver_last_hour_unaligned
SELECT driver_id, num, window_start, window_end, place
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY num DESC, driver_id DESC) AS place
  FROM (
    SELECT driver_id, window_start, window_end, COUNT(*) AS num
    FROM TABLE(HOP(TABLE cars, DESCRIPTOR(`timestamp`), INTERVAL '40' MINUTE, INTERVAL '1' HOUR))
    GROUP BY driver_id, window_start, window_end
  )
)
WHERE place = 1;
