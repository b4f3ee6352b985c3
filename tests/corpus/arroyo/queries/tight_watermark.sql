CREATE VIEW group_by_view AS
SELECT window_end AS `timestamp`, COUNT(*) AS num
FROM TABLE(TUMBLE(TABLE cars_tight, DESCRIPTOR(`timestamp`), INTERVAL '1' HOUR))
GROUP BY window_start, window_end;

CREATE TABLE tight_watermark (
  `timestamp` TIMESTAMP(3), `count` BIGINT
) WITH (${APPENDS});

INSERT INTO tight_watermark
SELECT `timestamp`, num FROM group_by_view;
