CREATE TABLE debezium_coercion (
  counter BIGINT
) WITH (${CHANGES});

INSERT INTO debezium_coercion
SELECT counter FROM impulse;
