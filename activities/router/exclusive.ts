import { failure } from '../failure';
import { adminMarks } from './configuration';
import type { AdminSession } from './session';
import { parseAdminSessions } from './view';

/** Marks that two sessions drew at the same time are drawn again; among a handful of sessions that is rare. */
const draws = 10;
const shutdownsPerLine = 100;

/**
 * Opens a session and shuts down every other one on the admin port, until HAProxy has forgotten them: a worker that was stopped
 * and wakes up can send nothing any more. The latest one to do so wins. Throws RouterUnreachable.
 */
export async function openAlone(open: (mark?: number) => Promise<AdminSession>, timeoutMs: number): Promise<AdminSession> {
  let mark: number | undefined;
  for (let draw = 0; draw < draws; draw++) {
    const session = await open(mark);
    try {
      const used = await shutOutOthers(session, timeoutMs);
      if (!used) return session;
      session.end();
      mark = unused(used);
    } catch (error) {
      session.end();
      throw error;
    }
  }
  throw failure('RouterUnreachable', 'too many workers want the router for themselves');
}

/** Undefined when this session is the only one; the marks in use when it can not be told which one it is. */
async function shutOutOthers(session: AdminSession, timeoutMs: number): Promise<number[] | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const [list] = await session.send('show sess');
    const sessions = parseAdminSessions(list ?? '');
    const callers = sessions.filter((each) => each.frontend === 'admin');
    const others = callers.filter((each) => each.mark !== session.mark);
    if (callers.length - others.length > 1) return callers.map((each) => each.mark);
    // What a session had handed to the socket before it was shut down is executed still: gone means gone from there, too.
    if (others.length === 0 && sessions.filter((each) => each.frontend === 'socket').length <= 1) return undefined;
    if (performance.now() > deadline)
      throw failure('RouterUnreachable', `router ${session.router} did not shut down ${others.length} other admin sessions in time`);
    for (let from = 0; from < others.length; from += shutdownsPerLine)
      await session.send(...others.slice(from, from + shutdownsPerLine).map((each) => `shutdown session ${each.id}`));
  }
}

function unused(used: number[]): number {
  const free = Array.from({ length: adminMarks }, (_, index) => index + 1).filter((mark) => !used.includes(mark));
  return free[Math.floor(Math.random() * free.length)] ?? 1;
}
