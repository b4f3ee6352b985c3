CREATE TABLE debezium_pass_through (
  id INT, customer_name STRING, product_name STRING, quantity INT, price DOUBLE, order_date BIGINT, status STRING, PRIMARY KEY (id) NOT ENFORCED
) WITH (${CHANGES});

INSERT INTO debezium_pass_through
SELECT id, customer_name, product_name, quantity, price, order_date / 1000000, status FROM orders;
