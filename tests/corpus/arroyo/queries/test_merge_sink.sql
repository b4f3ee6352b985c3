CREATE TABLE test_merge_sink (
  `timestamp` TIMESTAMP_LTZ(3), driver_id BIGINT, event_type STRING, location STRING
) WITH (${APPENDS});

INSERT INTO test_merge_sink
SELECT * FROM cars WHERE driver_id = 100 AND event_type = 'pickup';
INSERT INTO test_merge_sink
SELECT * FROM cars WHERE driver_id = 101 AND event_type = 'dropoff';
