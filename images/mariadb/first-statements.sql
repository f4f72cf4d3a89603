SET SESSION sql_log_bin = 0;
DELETE FROM mysql.global_priv WHERE (User = '' AND Host <> '') OR (User = 'root' AND Host NOT IN ('localhost', '%'));
DELETE FROM mysql.proxies_priv WHERE Host NOT IN ('localhost', '%');
FLUSH PRIVILEGES;
CREATE OR REPLACE USER 'root'@'%' IDENTIFIED BY '@password@';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY '@password@';
SELECT 1 INTO OUTFILE '/var/lib/mysql-files/accounts-set';
