CREATE TABLE `union` (
  counter BIGINT, source STRING
) WITH (${APPENDS});

INSERT INTO `union`
SELECT counter, 'first' AS source FROM impulse UNION ALL SELECT counter, 'second' AS source FROM impulse_tight;
