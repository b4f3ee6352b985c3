CREATE TABLE every_aggregate (
  event_type STRING, avg_driver DOUBLE, bool_and_driver BOOLEAN, bool_or_driver BOOLEAN, cnt BIGINT, max_driver BIGINT, min_driver BIGINT,
  sum_driver BIGINT, stddev_driver DOUBLE, stddev_pop_driver DOUBLE, var_driver DOUBLE, var_pop_driver DOUBLE, `regr_count` DOUBLE, approx_distinct_driver DOUBLE
) WITH (${CHANGES});

INSERT INTO every_aggregate
SELECT
  event_type,
  ROUND(AVG(CAST(driver_id AS DOUBLE)), 4),
  MIN(CASE WHEN driver_id > 0 THEN 1 ELSE 0 END) = 1,
  MAX(CASE WHEN driver_id > 0 THEN 1 ELSE 0 END) = 1,
  COUNT(*),
  MAX(driver_id),
  MIN(driver_id),
  SUM(driver_id),
  ROUND(STDDEV_SAMP(CAST(driver_id AS DOUBLE)), 4),
  ROUND(STDDEV_POP(CAST(driver_id AS DOUBLE)), 4),
  ROUND(VAR_SAMP(CAST(driver_id AS DOUBLE)), 4),
  ROUND(VAR_POP(CAST(driver_id AS DOUBLE)), 4),
  CAST(COUNT(driver_id) AS DOUBLE),
  CAST(COUNT(DISTINCT driver_id) AS DOUBLE)
FROM cars_hour
GROUP BY event_type;
