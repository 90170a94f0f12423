-- Rights of the service's database user (here bense@'%', database bense): everything it needs and, on the
-- audit, nothing but adding and reading. Run it as the database's administrator after migrating, and again
-- after each migration that makes a table; MySQL and MariaDB know no right to be taken away from a table
-- that was given on the whole database, so every table is named.
--
--   mysql -N bense < configs/audit-rights.sql | mysql bense
--
-- Migrations then run as another user, with database.migrate: false for serving.
SELECT CONCAT('GRANT SELECT, INSERT',
              CASE WHEN table_name IN ('audit_lines', 'audit_links', 'audit_anchors', 'goose_db_version') THEN '' ELSE ', UPDATE, DELETE' END,
              ' ON `', table_schema, '`.`', table_name, '` TO ''bense''@''%'';')
FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
ORDER BY table_name;
