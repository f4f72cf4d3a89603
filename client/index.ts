import { Client } from '@temporalio/client';

import { listClusters, showCluster } from './clusters';
import { type ClientContext, type ConnectOptions, homeOf, openConnection } from './context';
import type { DrydockClient } from './contract';
import { controlOperation } from './control';
import { toDrydockError } from './errors';
import { listOperations } from './list';
import { orderMaintenance } from './maintenance';
import { showOperation } from './show';
import { startOperation } from './start';
import { watchOperation } from './watch';

/** Connects to Temporal; all methods are described in contract.ts. Rejects when Temporal does not answer. */
export async function connectDrydock(options: ConnectOptions = {}): Promise<DrydockClient> {
  const { connection, namespace } = await openConnection(options);
  const context: ClientContext = {
    connection,
    namespace,
    client: new Client({ connection, namespace }),
    home: homeOf(options),
    uiUrl: options.uiUrl ?? process.env['DRYDOCK_UI_URL'],
  };
  return {
    start: (type, input, start) => coded(startOperation(context, type, input, start)),
    result: <Result>(id: string) => coded(context.client.workflow.getHandle(id).result() as Promise<Result>),
    show: (id) => coded(showOperation(context, id)),
    list: (filter) => coded(listOperations(context, filter)),
    watch: (id, signal) => watchOperation(context, id, signal),
    control: (id, control, request) => coded(controlOperation(context, id, control, request)),
    maintenance: (cluster, order) => coded(orderMaintenance(context, cluster, order)),
    cluster: (name) => coded(showCluster(context, name)),
    clusters: () => coded(listClusters(context)),
    close: () => connection.close(),
  };
}

/** Every rejection is a DrydockError. */
function coded<Result>(promise: Promise<Result>): Promise<Result> {
  return promise.catch((error: unknown) => {
    throw toDrydockError(error);
  });
}

export type { ConnectOptions } from './context';
export type * from './contract';
export { DrydockError } from './errors';
