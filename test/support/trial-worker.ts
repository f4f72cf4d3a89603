import { join } from 'node:path';

import { bundleWorkflowCode, NativeConnection } from '@temporalio/worker';
import { Client, Connection } from '@temporalio/client';

import { createOperationActivities } from '../../activities/operation';
import { validateInput } from '../../activities/operation/validate';
import { SecretStore } from '../../activities/secrets';
import { inputSchemas } from '../../schemas/inputs';
import { payloadConverterPath } from '../../workers/data-converter';
import { bridge } from '../../workers/log';
import { registerSearchAttributes } from '../../workers/search-attributes';
import { createWorkers, type WorkerGroup } from '../../workers/workers';
import { installQuietRuntime, testLog as log } from './quiet-runtime';
import type { TestTemporal } from './temporal';
import { trialInput, type TrialWorld } from './trial-world';

/** The bundle of the tests' workflows; made once per test file. */
export async function bundleTrials(): Promise<{ code: string }> {
  installQuietRuntime();
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(__dirname, 'workflows', 'index.ts'),
    payloadConverterPath,
    logger: bridge(log),
  });
  return { code };
}

/** Workers of all queues in this process, with the settings of the real ones. */
export class TrialWorker {
  private workers?: WorkerGroup;
  private running?: Promise<void>;
  private connection?: NativeConnection;

  constructor(
    private readonly temporal: TestTemporal,
    private readonly bundle: { code: string },
    private readonly world: TrialWorld,
  ) {}

  async start(): Promise<void> {
    const connection = await NativeConnection.connect({ address: this.temporal.address });
    this.connection = connection;
    await registerSearchAttributes(connection, 'default', log);
    const client = new Client({ connection: await Connection.connect({ address: this.temporal.address }) });
    const operation = createOperationActivities({
      instance: 'test',
      home: this.temporal.home.root,
      secrets: new SecretStore(this.temporal.home.secrets),
      hosts: new Map(),
      client,
      log,
    });
    this.workers = await createWorkers({
      connection,
      namespace: 'default',
      queues: ['plans', 'guard', 'switch', 'work'],
      activities: {
        ...operation,
        validateInput: (type: string, input: unknown) =>
          Promise.resolve().then(() => validateInput(type, input, { ...inputSchemas, trial: trialInput })),
        ...this.world.activities,
      },
      workflows: { workflowBundle: this.bundle },
    });
    this.running = this.workers.run();
  }

  async stop(): Promise<void> {
    await this.workers?.stop();
    await this.running?.catch(() => undefined);
    await this.connection?.close();
  }
}
