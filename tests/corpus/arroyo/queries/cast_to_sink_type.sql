CREATE TABLE cast_to_sink_type (
  `timestamp` TIMESTAMP_LTZ(3), driver_id STRING
) WITH (${APPENDS});

INSERT INTO cast_to_sink_type
SELECT `timestamp`, CAST(driver_id AS STRING) FROM cars;
