import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { AdoptionFileAsWritten } from '../../../schemas/adoption-file';
import { passwordRef } from '../../../schemas/names';
import type { PivotResult } from '../../../schemas/pivot';
import type { ClusterState } from '../../../schemas/topology';
import { Scenario } from '../../support/scenario';
import { brokenPromises, underLoad } from '../../support/under-load';
import { Trio } from './trio';

jest.setTimeout(240_000);

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.start();
  await mkdir(join(scenario.environment.secrets.folder, 'administrators'), { recursive: true });
});
afterAll(() => scenario?.stop());

const plugins = [
  '--plugin-load-add=rpl_semi_sync_source=semisync_source.so',
  '--plugin-load-add=rpl_semi_sync_replica=semisync_replica.so',
];

interface Case {
  image: string;
  name: string;
  options: string[];
  durability: 'async' | 'semi-sync';
}

const cases: Case[] = [
  { image: 'drydock/mysql:8.0', name: 'strict', options: plugins, durability: 'semi-sync' },
  { image: 'drydock/mysql:5.6', name: 'old', options: [], durability: 'async' },
  { image: 'drydock/mariadb:10.11', name: 'maria', options: [], durability: 'async' },
];

test.each(cases)(
  '$image with $durability is adopted, pivots under load, and loses its primary',
  async ({ image, name, options, durability }) => {
    const trio = await Trio.start(image, name, options);
    try {
      const passwordFile = join(scenario.environment.secrets.folder, 'administrators', name);
      await mkdir(dirname(passwordFile), { recursive: true });
      await writeFile(passwordFile, trio.rootPassword, { mode: 0o600 });
      await trio.installCommands(join(scenario.environment.home, 'commands'));
      const command = ['server', `${trio.prefix}-{member}`];
      const cluster: AdoptionFileAsWritten = {
        name,
        durability,
        members: trio.servers.map(({ address, port }) => ({ address, port })),
        administrator: { user: 'root', passwordFile },
        startsFenced: true,
        commands: { fence: command, start: command, status: command },
        routers: 1,
      };
      expect(await scenario.run<ClusterState>('adoptCluster', { cluster })).toMatchObject({ epoch: 1, primary: `${name}-1` });
      const adopted = await scenario.findCluster(name);
      const password = await scenario.environment.secrets.ensure(passwordRef(name, 'application'));
      await trio.sql(
        trio.servers[0],
        'CREATE DATABASE app',
        `CREATE USER app@'%' IDENTIFIED BY '${password}'`,
        "GRANT ALL ON app.* TO app@'%'",
      );

      const planned = await underLoad(adopted, () => scenario.pivot(adopted));
      expect(brokenPromises(planned)).toEqual([]);
      expect(planned.result).toMatchObject<Partial<PivotResult>>({ from: `${name}-1`, unplanned: false, aside: [] });

      const kill = async ({ epoch, primary }: ClusterState): Promise<ClusterState> => {
        await trio.kill(trio.servers[Number(primary.slice(-1)) - 1] ?? trio.servers[0]);
        return adopted.untilEpoch(epoch + 1);
      };
      if (durability === 'semi-sync') expect(brokenPromises(await underLoad(adopted, (_ledger, before) => kill(before)))).toEqual([]);
      // With async what was acknowledged a moment ago may be lost: that is its nature, and not tried here.
      else await kill(await adopted.untilConverged());
      expect(await adopted.untilConverged()).toMatchObject({ epoch: 3 });
      const fence = durability === 'semi-sync' ? 'cannot-acknowledge' : 'fence-command';
      expect(await scenario.drydock.result<PivotResult>(`pivot/${name}/3`)).toMatchObject({ unplanned: true, switch: { fence } });
      await scenario.run('deleteCluster', { cluster: name });
    } finally {
      await trio.stop();
    }
  },
);
