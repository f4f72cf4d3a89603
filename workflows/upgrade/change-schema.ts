import type { UpgradeInput } from '../../schemas/inputs';
import type { ClusterState } from '../../schemas/topology';
import { failure, type Operation, summarised, work } from '../operation';
import { judgeDdl, schemaDifferences, tablesOf } from './ddl/judge';

const soon = { scheduleToCloseTimeout: '5 minutes' } as const;
/** An ALTER of a large table takes hours. */
const changing = { startToCloseTimeout: '7 days', heartbeatTimeout: '30s', retry: { maximumAttempts: 5 } } as const;

/** The statements alone, on a server whose tables are as they were; that they have done what they should is read back. */
export async function changeSchemaOn(op: Operation<UpgradeInput>, state: ClusterState, name: string): Promise<string[]> {
  const { schema } = op.input;
  if (schema === undefined) return [];
  const tables = tablesOf(schema);
  const before = await summarised(work.readShapes, `tables of ${name} before`, soon)(state, name, tables);
  const conversions = judgeDdl(schema, before).some((verdict) => verdict.conversions);
  await summarised(work.changeSchema, `${schema.length} statements on ${name}`, changing)(state, name, schema, conversions);
  const after = await summarised(work.readShapes, `tables of ${name} after`, soon)(state, name, tables);
  const differences = schemaDifferences(schema, before, after);
  if (differences.length > 0) throw failure('ChecksumMismatch', `the statements did not make of ${name} what they should`, differences);
  return tables;
}
