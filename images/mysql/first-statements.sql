SET SESSION sql_log_bin = 0;
CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '@password@';
ALTER USER 'root'@'%' IDENTIFIED BY '@password@';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY '@password@';
SELECT 1 INTO OUTFILE '/var/lib/mysql-files/accounts-set';
