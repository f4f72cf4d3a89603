/** `npx tsx scripts/record-histories.ts [NAME...]`: records how each workflow comes to each ending, for the replays of every test run. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { toDrydockError } from '../client/errors';
import { writeHistory } from '../test/support/history-file';
import { Simulation } from '../test/support/simulation';
import { scenarios } from '../test/support/scenarios-of-histories';

const checkout = join(__dirname, '..');

/** All others complete. A recording of another ending than its name says would prove nothing in every later replay. */
const failures: Record<string, string> = {
  'addMember.undone': 'SettingNotKept',
  'adoptCluster.refused': 'PrecheckFailed',
  'adoptCluster.undone': 'SettingNotKept',
  'createCluster.exists': 'AlreadyExists',
  'createCluster.failed': 'SettingNotKept',
  'createCluster.invalid': 'InvalidInput',
  'deleteCluster.unknown': 'UnknownCluster',
  'errant.invalid': 'InvalidInput',
  'errant.refused': 'PrecheckFailed',
  'guardCluster.invalid': 'InvalidInput',
  'pivot.aborted': 'Aborted',
  'pivot.given-up': 'SwitchFailed',
  'pivot.held-and-aborted': 'Aborted',
  'pivot.invalid': 'InvalidInput',
  'pivot.not-approved': 'RejectedByPerson',
  'pivot.refused': 'NoCandidate',
  'pivot.switch-failed': 'StaleEpoch',
  'pivot.unexpected': 'ExpectationFailed',
  'removeMember.refused': 'PrecheckFailed',
  'removeMember.undone': 'EngineUnavailable',
  'replaceMember.refused': 'PrecheckFailed',
  'updateCluster.invalid': 'InvalidInput',
  'unknown.failed': 'UnknownWorkflowType',
  'upgrade.differs-and-aborted': 'Aborted',
  'upgrade.invalid': 'InvalidInput',
  'upgrade.rehearsal-differs': 'ChecksumMismatch',
  'upgrade.not-supported': 'NotSupported',
};

async function main(wanted: string[]): Promise<void> {
  const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as { version: string };
  const folder = join(checkout, 'test', 'histories', version);
  await mkdir(folder, { recursive: true });
  const simulation = await Simulation.start();
  try {
    const chosen = Object.entries(scenarios).filter(([name]) => wanted.length === 0 || wanted.includes(name));
    for (const [name, scenario] of chosen) {
      const cluster = name
        .toLowerCase()
        .replace(/[^a-z0-9]/g, '-')
        .slice(0, 31);
      const handle = simulation.client.workflow.getHandle(await scenario(simulation, cluster));
      const ending = await handle.result().then(
        () => 'completed',
        (error: unknown) => toDrydockError(error).code,
      );
      const expected = failures[name] ?? 'completed';
      if (ending !== expected) throw new Error(`${name} ended with ${ending}, expected ${expected}: nothing was recorded`);
      const history = await handle.fetchHistory();
      writeHistory(join(folder, `${name}.json.gz`), history);
      console.log(`${name}: ${ending}, ${history.events?.length ?? 0} events`);
    }
  } finally {
    await simulation.stop();
  }
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
