-- Build the library, then from its folder: thalweg run functions.sql
CREATE FUNCTION add_tax AS 'add_tax' LANGUAGE CPP USING ARTIFACT 'libsql_functions.so';
CREATE FUNCTION words AS 'words' LANGUAGE CPP USING ARTIFACT 'libsql_functions.so';

SELECT word, COUNT(*), SUM(add_tax(price, 0.19))
FROM (VALUES ('red chair', CAST(1000 AS BIGINT)), ('red table', CAST(5000 AS BIGINT))) AS goods(name, price),
  LATERAL TABLE(words(name))
GROUP BY word;
