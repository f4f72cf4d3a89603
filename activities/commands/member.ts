import { setTimeout as sleep } from 'node:timers/promises';

import { Context } from '@temporalio/activity';

import type { ContainerState } from '../../schemas/observation';
import type { FenceProof } from '../../schemas/pivot';
import type { Member } from '../../schemas/topology';
import { stopMember } from '../docker/member';
import { greets } from '../docker/wait-for-server';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { firstLine, runCommand } from './run';

type Env = Pick<ActivityEnvironment, 'home' | 'hosts' | 'log'>;

/** An engine that does not answer in time gives no proof, and must not keep the user's command waiting. */
const engineBoundMs = 3000;
const greetingBoundMs = 120_000;
/** The answer of fence agents to `status` for a server that is off. */
const off = 2;

/**
 * Proof that a member's server does not run any more: the engine's word about its container, else the user's fence command. Undefined
 * when there is none. A second call proves the same again.
 */
export async function proveStopped(env: Env, member: Member, signal?: AbortSignal): Promise<FenceProof | undefined> {
  if (!member.adopted && (await engineConfirms(env, member))) return 'container-stopped';
  return (await fenceByCommand(env, member, signal)) ? 'fence-command' : undefined;
}

async function engineConfirms(env: Env, member: Member): Promise<boolean> {
  const asked = stopMember(env, member, true).then(
    ({ stopped }) => stopped,
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      env.log.warn({ member: member.name, error: reason }, 'the engine does not confirm that it is stopped');
      return false;
    },
  );
  if (!member.commands?.fence) return asked;
  return Promise.race([asked, sleep(engineBoundMs, false, { ref: false })]);
}

async function fenceByCommand(env: Env, member: Member, signal?: AbortSignal): Promise<boolean> {
  const { fence, timeoutSeconds = 0 } = member.commands ?? {};
  if (!fence) return false;
  const result = await runCommand(env, member, 'off', fence, { boundMs: timeoutSeconds * 1000, signal });
  if (result.exitCode === 0) return true;
  env.log.warn({ member: member.name, command: fence[0], said: firstLine(result) }, 'the fence command gives no proof');
  return false;
}

/** `stopMember` of a member that is no container. */
export async function stopAdopted(env: Env, member: Member): Promise<{ stopped: boolean }> {
  return beating(async (signal) => ({ stopped: (await proveStopped(env, member, signal)) !== undefined }));
}

/** `startMember` of a member that is no container: the user's start command, then the server's greeting. Throws MemberUnreachable. */
export async function startAdopted(env: Env, member: Member): Promise<void> {
  const { start, timeoutSeconds = 0 } = member.commands ?? {};
  if (!start)
    throw failure('MemberUnreachable', `${member.name} is no container and has no start command: it must be started by hand`, [], false);
  return beating(async (signal) => {
    if (await greets(member.address, member.port)) return;
    const result = await runCommand(env, member, 'on', start, { boundMs: timeoutSeconds * 1000, signal });
    if (result.exitCode !== 0) throw failure('MemberUnreachable', `the start command of ${member.name} failed: ${firstLine(result)}`);
    for (const deadline = Date.now() + greetingBoundMs; !(await greets(member.address, member.port)); await sleep(200)) {
      signal.throwIfAborted();
      if (Date.now() > deadline)
        throw failure('MemberUnreachable', `${member.name} was started and does not answer within ${greetingBoundMs / 1000} s`);
    }
  });
}

/** What the user's status command says of a member; `unknown` without one, or when it does not tell. */
export async function commandState(env: Env, member: Member): Promise<ContainerState> {
  const { status, timeoutSeconds = 0 } = member.commands ?? {};
  if (!status) return 'unknown';
  const { exitCode } = await runCommand(env, member, 'status', status, { boundMs: timeoutSeconds * 1000 });
  if (exitCode === 0) return 'running';
  return exitCode === off ? 'stopped' : 'unknown';
}

/** Heartbeats while it lasts; the signal tells that nobody wants it any more. */
async function beating<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 1000);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
