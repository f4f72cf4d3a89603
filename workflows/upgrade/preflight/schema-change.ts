import { named, type PreflightCheck, refused } from './context';

/** Each statement by its number, as people count. */
export const schemaChange: PreflightCheck = ({ ddl }) =>
  ddl.flatMap(({ statement, table, refused: reasons, named: remarks }, index) => {
    const path = `schema.${index}${table === undefined ? '' : ` ${table}`}`;
    return [
      ...reasons.map((reason) =>
        refused('SchemaChange', path, reason, `leave it out, or do it in another way: ${statement.replace(/\s+/g, ' ').slice(0, 120)}`),
      ),
      ...remarks.map((remark) => named('SchemaChange', path, remark, 'look whether it can come up')),
    ];
  });
