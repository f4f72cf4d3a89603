import { clusterTarget } from '../../schemas/names';
import type { ProofReport } from '../../schemas/pivot';
import type { ClusterState } from '../../schemas/topology';
import { failure, operation, summarised, type WithProgress, work } from '../operation';

export interface ProofInput {
  state: ClusterState;
  members: string[];
}

/** Proves that members hold the same data (docs/equality.md). Takes no hold: it changes nothing and never delays a pivot. */
export async function proof(input: ProofInput): Promise<WithProgress<ProofReport>> {
  return operation<ProofInput, ProofReport>(
    {
      type: 'proof',
      steps: ['compare all tables in chunks'],
      target: ({ state }) => clusterTarget(state.definition.name),
      trusted: input,
    },
    input,
    async (op) => {
      const report = await op.step('compare all tables in chunks', async (step) => {
        const compare = summarised(work.proveEquality, `compare ${op.input.members.join(', ')}`, {
          startToCloseTimeout: '24 hours',
          retry: { maximumAttempts: 5 },
        });
        const found = await op.pausable('between chunks', () => compare(op.input.state, op.input.members));
        step.detail(`${found.tables} tables, ${found.rows} rows, ${found.seconds} s`);
        return found;
      });
      if (!report.equal)
        throw failure(
          'ChecksumMismatch',
          'members hold different data',
          report.differences.map(({ member, table, chunk }) => ({ path: `members.${member}.${table}`, message: `differs in ${chunk}` })),
        );
      return report;
    },
  );
}
