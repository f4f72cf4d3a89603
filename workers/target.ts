import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

import { clusterTarget } from '../schemas/names';

/** The target that an activity works on, from its arguments; undefined when none of them names one. Pure. */
export function targetOf(args: readonly unknown[]): string | undefined {
  for (const argument of args) {
    if (typeof argument === 'string' && argument.startsWith('cluster/')) return argument;
    const name = clusterNameIn(argument);
    if (name !== undefined) return clusterTarget(name);
  }
  return undefined;
}

/** A definition, the file of an adoption, a cluster, a cluster's state, or an order that carries one. */
function clusterNameIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, engine, administrator, definition, state, cluster } = value as Record<string, unknown>;
  if (typeof name === 'string' && (typeof engine === 'string' || administrator !== undefined)) return name;
  if (typeof cluster === 'string') return cluster;
  return clusterNameIn(definition) ?? clusterNameIn(state) ?? clusterNameIn(cluster);
}

/** Every log line and metric of an activity carries its target. */
export function targetInterceptor(_context: Context): ActivityInterceptors {
  let target: string | undefined;
  return {
    inbound: {
      execute: (input, next) => {
        target = targetOf(input.args);
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (input, next) => next(target === undefined ? input : { ...input, target }),
      getMetricTags: (input, next) => next(target === undefined ? input : { ...input, target }),
    },
  };
}
