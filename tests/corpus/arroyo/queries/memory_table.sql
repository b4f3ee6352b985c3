CREATE TEMPORARY VIEW memory AS SELECT event_type, location, driver_id FROM cars;

CREATE TABLE memory_table (
  driver_id BIGINT, event_type STRING
) WITH (${APPENDS});

INSERT INTO memory_table
SELECT driver_id AS other_driver_id, event_type FROM memory;
