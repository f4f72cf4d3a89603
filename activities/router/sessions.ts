/**
 * Which commands close the connections to some servers of a backend, read from `show sess`. Not `shutdown sessions server`: HAProxy 3.0.11 never
 * ends a session that is shut down while its connection to the server is still being made. Its client hangs until it gives up
 * by itself, and the session stays in HAProxy for good. Such sessions are left alone: within `timeout connect` they try
 * again, and find the server where it was moved to.
 */
export function cutCommands(sessions: string, backend: string, servers: string[]): string[] {
  return parseSessions(sessions)
    .filter((session) => session.backend === backend && servers.includes(session.server) && session.established)
    .map((session) => `shutdown session ${session.id}`);
}

/** State of the server's side: 8 is established, smaller ones come before it. */
const established = 8;

function parseSessions(text: string): { id: string; backend: string; server: string; established: boolean }[] {
  return text.split('\n').flatMap((line) => {
    const found = /^(0x[0-9a-f]+): .*? be=(\S+) srv=(\S+) .*? scb=\[(\d+),/.exec(line.trim());
    if (!found) return [];
    const [, id = '', backend = '', server = '', state = ''] = found;
    return [{ id, backend, server, established: Number(state) === established }];
  });
}
