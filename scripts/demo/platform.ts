import { join } from 'node:path';

import { connectDrydock, type DrydockClient } from '../../client';
import { down } from '../../platform/down';
import { checkout, instanceOf, openHome } from '../../platform/paths';
import { up } from '../../platform/up';
import type { Story } from './story';

/** The demo is an installation of its own: whatever else runs on this machine is not touched. */
const home = join(checkout, '.drydock', 'demo');

export interface DemoPlatform {
  /** Value of the label that its Docker objects carry. */
  instance: string;
  connect(): Promise<DrydockClient>;
  /** What to try next, and what it shows. */
  commands: readonly (readonly [command: string, shows: string])[];
}

export async function setUp(story: Story, useConfigured: boolean): Promise<DemoPlatform> {
  const report = await up({ useConfigured, home, freePorts: true, say: (line) => story.note(line) });
  story.note(`Temporal at ${report.address}${report.uiUrl ? `, its UI at ${report.uiUrl}` : ''}; a worker waits for operations`);
  const { address, namespace, uiUrl } = report;
  return {
    instance: await instanceOf(await openHome(home)),
    connect: () => connectDrydock({ address: useConfigured ? undefined : address, namespace, home, uiUrl }),
    commands: [
      ['export DRYDOCK_HOME=.drydock/demo', 'for this shell, in this folder'],
      ['npx drydock cluster show demo', 'members, routers, how to connect'],
      ['npx drydock op list', 'what was done'],
      ['npx drydock pivot demo', 'once more, with its steps live'],
      ['npm run demo -- --clean', 'remove all of it'],
    ],
  };
}

/** Removes the demo's cluster, its data, its worker and its Temporal server; what others can use (engine, images) stays. */
export async function cleanUp(story: Story): Promise<void> {
  await down({ deleteData: true, home, say: (line) => story.note(line) });
  story.line('   the demo is gone; images and the Docker engine are kept');
}
