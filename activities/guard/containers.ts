import type { ContainerState } from '../../schemas/observation';
import type { Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';

const withinMs = 2000;

/** What the engine says of a member's container; `unknown` when it does not answer in time. */
export async function containerState(env: Pick<ActivityEnvironment, 'hosts'>, member: Member): Promise<ContainerState> {
  const engine = env.hosts.get(member.host)?.engine;
  if (!engine) return 'unknown';
  try {
    const { State } = await engine.getContainer(member.container).inspect({ abortSignal: AbortSignal.timeout(withinMs) });
    if (State.Paused) return 'paused';
    return State.Running || State.Restarting ? 'running' : 'stopped';
  } catch (error) {
    return (error as { statusCode?: number }).statusCode === 404 ? 'missing' : 'unknown';
  }
}
