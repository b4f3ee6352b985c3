CREATE TABLE debezium_agg (
  id STRING, c BIGINT, d BIGINT, q BIGINT, PRIMARY KEY (id) NOT ENFORCED
) WITH (${CHANGES});

INSERT INTO debezium_agg
SELECT CONCAT('p_', product_name), COUNT(*), COUNT(DISTINCT customer_name), SUM(quantity + 5) + 10
FROM orders
GROUP BY CONCAT('p_', product_name);
