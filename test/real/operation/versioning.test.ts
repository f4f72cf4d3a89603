import { appendFile, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ensureWorkflowBundle } from '../../../platform/bundle';
import { until } from '../../../platform/process';
import { deploymentName, deploymentOf } from '../../../workers/deployment';
import { TestPlain } from '../../support/plain';

let plain: TestPlain;
beforeAll(async () => {
  plain = await TestPlain.start({ DRYDOCK_WORKER_VERSIONING: '1' });
});
afterAll(() => plain?.stop());

interface Described {
  routingConfig: { currentVersionBuildID: string };
}

const currentBuild = async (): Promise<string> => {
  const text = await plain.cli('worker', 'deployment', 'describe', '--name', deploymentName, '--output', 'json');
  return (JSON.parse(text) as Described).routingConfig.currentVersionBuildID;
};

test('a worker makes its version current by itself, so that a new installation does not idle', async () => {
  const { version } = await deploymentOf(await ensureWorkflowBundle());
  expect(await until(async () => (await currentBuild()) === version.buildId, 20_000)).toBe(true);
  await plain.start('pivot', 'versioned', '{}');
  await expect(plain.drydock.result('versioned')).rejects.toMatchObject({ code: 'InvalidInput' });
  const info = await plain.cli('workflow', 'describe', '--workflow-id', 'versioned', '--output', 'json');
  expect(info).toContain(version.buildId);
});

test('what never ends moves to new versions, the rest is pinned', async () => {
  await plain.start('hold', 'hold/endless');
  await plain.start('pivot', 'ending', '{}');
  await plain.drydock.result('ending').catch(() => undefined);
  const behaviour = (id: string): Promise<string> => plain.cli('workflow', 'describe', '--workflow-id', id, '--output', 'json');
  expect(await until(async () => /AUTO_UPGRADE/.test(await behaviour('hold/endless')), 10_000)).toBe(true);
  expect(await behaviour('ending')).toMatch(/PINNED/);
});

test('the version is a hash of the code', async () => {
  const bundle = await ensureWorkflowBundle();
  const other = join(plain.temporal.home.root, 'other.js');
  await copyFile(bundle, other);
  expect(await deploymentOf(other)).toEqual(await deploymentOf(bundle));
  await appendFile(other, '\n');
  expect((await deploymentOf(other)).version?.buildId).not.toBe((await deploymentOf(bundle)).version?.buildId);
  expect((await readFile(other, 'utf8')).length).toBeGreaterThan(1000);
  await expect(deploymentOf(undefined)).rejects.toThrow(/needs DRYDOCK_WORKFLOW_BUNDLE/);
});
