CREATE TABLE select_star (
  `timestamp` TIMESTAMP_LTZ(3), driver_id BIGINT, event_type STRING, location STRING
) WITH (${APPENDS});

INSERT INTO select_star
SELECT * FROM cars;
