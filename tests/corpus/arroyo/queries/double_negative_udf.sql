CREATE TABLE double_negative_udf (
  counter BIGINT
) WITH (${APPENDS});

INSERT INTO double_negative_udf
SELECT -2 * counter FROM impulse;
