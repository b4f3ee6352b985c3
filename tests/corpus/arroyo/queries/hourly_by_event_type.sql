CREATE TABLE hourly_by_event_type (
  event_type STRING, `hour` TIMESTAMP(3), `count` BIGINT
) WITH (${APPENDS});

INSERT INTO hourly_by_event_type
SELECT event_type, window_start, COUNT(*)
FROM TABLE(TUMBLE(TABLE cars, DESCRIPTOR(`timestamp`), INTERVAL '1' HOUR))
GROUP BY event_type, window_start, window_end;
