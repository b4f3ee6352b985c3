-- Arroyo's inputs. Its default watermark is one second behind the last row, `WATERMARK FOR t` alone is the row's own time.
SET 'table.local-time-zone' = 'UTC';

CREATE TABLE cars (
  `timestamp` TIMESTAMP_LTZ(3), driver_id BIGINT, event_type STRING, location STRING,
  WATERMARK FOR `timestamp` AS `timestamp` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${INPUT}/cars', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE cars_tight (
  `timestamp` TIMESTAMP_LTZ(3), driver_id BIGINT, event_type STRING, location STRING,
  WATERMARK FOR `timestamp` AS `timestamp`
) WITH ('connector' = 'filesystem', 'path' = '${INPUT}/cars', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE cars_minute (
  `timestamp` TIMESTAMP_LTZ(3), driver_id BIGINT, event_type STRING, location STRING,
  WATERMARK FOR `timestamp` AS `timestamp` - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${INPUT}/cars', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE cars_hour (
  `timestamp` TIMESTAMP_LTZ(3), driver_id BIGINT, event_type STRING, location STRING,
  WATERMARK FOR `timestamp` AS `timestamp` - INTERVAL '1' HOUR
) WITH ('connector' = 'filesystem', 'path' = '${INPUT}/cars', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE impulse (
  `timestamp` TIMESTAMP_LTZ(3), counter BIGINT NOT NULL, subtask_index BIGINT NOT NULL,
  WATERMARK FOR `timestamp` AS `timestamp` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${INPUT}/impulse', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE impulse_tight (
  `timestamp` TIMESTAMP_LTZ(3), counter BIGINT NOT NULL, subtask_index BIGINT NOT NULL,
  WATERMARK FOR `timestamp` AS `timestamp`
) WITH ('connector' = 'filesystem', 'path' = '${INPUT}/impulse', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE impulse_delayed (
  `timestamp` TIMESTAMP_LTZ(3), counter BIGINT NOT NULL, subtask_index BIGINT NOT NULL,
  WATERMARK FOR `timestamp` AS `timestamp` - INTERVAL '10' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${INPUT}/impulse', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE orders (
  id INT, customer_name STRING, product_name STRING, quantity INT, price DOUBLE, order_date BIGINT, status STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${INPUT}/aggregate_updates', 'format' = 'debezium-json');
