import { Context } from '@temporalio/activity';

import type { Cluster, Member } from '../../schemas/topology';
import type { ContainerCheck } from '../../schemas/upgrade';
import type { ActivityEnvironment } from '../environment';
import { hostOf } from './engine';
import { runHelper } from './helper';
import { objectName } from './labels';
import { networkName } from './network';
import { readyHost } from './ready-host';
import { freeAddress } from './trial';

/** What is kept of its output, which everybody sees who sees Temporal. */
const mostKept = 1500;

export interface CheckToRun {
  name: string;
  image: string;
  /** Empty: as the image has it. */
  command: string[];
  timeoutSeconds: number;
}

/**
 * Runs an image of the user in the cluster's network; it is told in its environment where a new member is reached, and no password. One that an attempt before this
 * one has left is removed and run again. Nothing of it is left.
 */
export async function runContainerCheck(
  env: ActivityEnvironment,
  cluster: Cluster,
  member: Member,
  check: CheckToRun,
): Promise<ContainerCheck> {
  const host = hostOf(env, member.host);
  const { name } = cluster.definition;
  await readyHost(env, Context.current().info.workflowExecution?.workflowId ?? '', cluster.definition, host.name, check.image);
  const network = networkName(env.instance, name);
  // The engine would give it the address of a router that is down for the moment.
  const address = host.address === undefined ? await freeAddress(env, cluster, host) : undefined;
  const ended = await runHelper(
    env,
    host,
    {
      name: objectName(env.instance, name, member.name, `check-${check.name.replace(/[^a-z0-9]/g, '-')}`),
      cluster: name,
      member: member.name,
      image: check.image,
      command: check.command,
      env: [`DRYDOCK_CLUSTER=${name}`, `DRYDOCK_MEMBER=${member.name}`, `DRYDOCK_HOST=${member.address}`, `DRYDOCK_PORT=${member.port}`],
      host: { NetworkMode: network, SecurityOpt: ['no-new-privileges'] },
      endpoints: { [network]: address === undefined ? {} : { IPAMConfig: { IPv4Address: address } } },
      lines: 40,
    },
    { withinMs: check.timeoutSeconds * 1000 },
  );
  if (!ended) return { name: check.name, passed: false, exitCode: null, seconds: check.timeoutSeconds, output: '' };
  return {
    name: check.name,
    passed: ended.exitCode === 0,
    exitCode: ended.exitCode,
    seconds: Math.round(ended.seconds * 10) / 10,
    output: ended.output.slice(-mostKept),
  };
}
