SET SESSION sql_log_bin = 0;
DELETE FROM mysql.user WHERE user = '' OR (user = 'root' AND host <> 'localhost');
DELETE FROM mysql.db WHERE user = '';
DELETE FROM mysql.proxies_priv WHERE host NOT IN ('localhost', '%');
FLUSH PRIVILEGES;
GRANT ALL ON *.* TO 'root'@'%' IDENTIFIED BY '@password@' WITH GRANT OPTION;
GRANT ALL ON *.* TO 'root'@'localhost' IDENTIFIED BY '@password@' WITH GRANT OPTION;
FLUSH PRIVILEGES;
SELECT 1 INTO OUTFILE '/var/lib/mysql-files/accounts-set';
