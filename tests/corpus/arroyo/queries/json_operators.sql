CREATE TABLE cars_lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${INPUT}/cars', 'format' = 'raw');

CREATE TABLE json_operators (
  a STRING, b STRING, c STRING, d STRING
) WITH (${APPENDS});

INSERT INTO json_operators
SELECT
  'test',
  JSON_VALUE(line, '$.driver_id'),
  JSON_STRING(JSON_VALUE(line, '$.event_type')),
  COALESCE(JSON_VALUE(line, '$.not_a_field'), 'null')
FROM cars_lines;
