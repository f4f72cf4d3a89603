import type { ContainerState } from '../../schemas/observation';
import type { Member } from '../../schemas/topology';
import { commandState } from '../commands/member';
import type { ActivityEnvironment } from '../environment';

const withinMs = 2000;

/** What the engine says of a member's container, or the user's status command of one that is none; `unknown` when it does not answer in time. */
export async function containerState(env: Pick<ActivityEnvironment, 'hosts' | 'home' | 'log'>, member: Member): Promise<ContainerState> {
  if (member.adopted) return commandState(env, member);
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
