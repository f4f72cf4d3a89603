import type { RouterView } from '../../schemas/observation';

/** One server line of `show servers state`. */
export interface SlotView {
  backend: string;
  slot: string;
  address: string;
  port: number;
  /** Takes new connections. */
  ready: boolean;
}

/** Reads `show servers state` (format 1: a version line, a header line, one line per server). */
export function parseSlots(text: string): SlotView[] {
  const lines = text.split('\n').map((line) => line.trim());
  const header = lines.find((line) => line.startsWith('#'));
  if (!header) throw new Error(`no header in the answer to show servers state: ${text.slice(0, 100)}`);
  const names = header.slice(1).trim().split(/\s+/);
  const column = (cells: string[], name: string) => cells[names.indexOf(name)] ?? '';
  return lines
    .filter((line) => line !== '' && line !== '1' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/))
    .map((cells) => ({
      backend: column(cells, 'be_name'),
      slot: column(cells, 'srv_name'),
      address: column(cells, 'srv_addr'),
      port: Number(column(cells, 'srv_port')),
      // Bit 0 of the administrative state is forced maintenance; operational state 0 is stopped.
      ready: (Number(column(cells, 'srv_admin_state')) & 1) === 0 && Number(column(cells, 'srv_op_state')) !== 0,
    }));
}

/** Current sessions and limit of the one frontend that `show stat <id> 1 -1` was asked for. */
export function parseFrontend(text: string): { sessions: number; limit: number } {
  const [header, row] = text.split('\n').map((line) => line.replace(/^# /, '').split(','));
  if (!header || !row) throw new Error(`no figures in the answer to show stat: ${text.slice(0, 100)}`);
  return { sessions: Number(row[header.indexOf('scur')]), limit: Number(row[header.indexOf('slim')]) };
}

/** `proc.epoch: type=sint value=<5>`. */
export function parseEpoch(text: string): number {
  const found = /value=<(\d+)>/.exec(text);
  if (!found) throw new Error(`no epoch in the answer to get var: ${text.slice(0, 100)}`);
  return Number(found[1]);
}

/** Sessions on the admin port (`fe=admin`, with the caller's mark) and inside the runtime socket (`fe=GLOBAL`), from `show sess`. */
export function parseAdminSessions(text: string): { id: string; mark: number; frontend: 'admin' | 'socket' }[] {
  const sessions: { id: string; mark: number; frontend: 'admin' | 'socket' }[] = [];
  for (const line of text.split('\n')) {
    const found = /^(0x[0-9a-f]+): .*? fe=(admin|GLOBAL) be=\S+ srv=(?:s(\d+))?/.exec(line.trim());
    if (found?.[1]) sessions.push({ id: found[1], mark: Number(found[3] ?? 0), frontend: found[2] === 'admin' ? 'admin' : 'socket' });
  }
  return sessions;
}

/** Puts the answers together; `nameOf` gives a member's name for its address. */
export function routerView(
  name: string,
  answers: { epoch: string; slots: string; frontend: string; readFrontend: string },
  nameOf: (address: string, port: number) => string,
): RouterView {
  const slots = parseSlots(answers.slots);
  const primary = slots.find((slot) => slot.backend === 'write' && slot.slot === 'p');
  const frontend = parseFrontend(answers.frontend);
  const readFrontend = parseFrontend(answers.readFrontend);
  return {
    name,
    reachable: true,
    epoch: parseEpoch(answers.epoch),
    primary: primary && primary.address !== '0.0.0.0' ? { address: primary.address, port: primary.port } : null,
    held: frontend.limit === 0,
    open: primary?.ready ?? false,
    sessions: frontend.sessions,
    limits: { write: frontend.limit, read: readFrontend.limit },
    readers: slots.filter((slot) => slot.backend === 'read' && slot.ready).map((slot) => nameOf(slot.address, slot.port)),
  };
}
