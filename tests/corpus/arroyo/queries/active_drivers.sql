CREATE TABLE active_drivers (
  drivers BIGINT
) WITH (${CHANGES});

INSERT INTO active_drivers
SELECT COUNT(*) FROM (
  SELECT driver_id, COUNT(*) FROM cars_tight GROUP BY driver_id HAVING COUNT(*) > 85
);
