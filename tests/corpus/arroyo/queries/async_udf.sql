CREATE TABLE async_udf (
  counter BIGINT
) WITH (${APPENDS});

INSERT INTO async_udf
SELECT -2 * counter FROM impulse;
