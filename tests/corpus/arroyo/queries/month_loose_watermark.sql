CREATE TABLE month_loose_watermark (
  `month` TIMESTAMP(3), `count` BIGINT
) WITH (${APPENDS});

INSERT INTO month_loose_watermark
SELECT window_start, COUNT(*)
FROM TABLE(TUMBLE(TABLE cars_minute, DESCRIPTOR(`timestamp`), INTERVAL '30' DAY(3)))
GROUP BY window_start, window_end;
