/** What a router counts, for metrics: read from the answers of HAProxy's runtime socket. */
import { parseEpoch, parseFrontend, parseSlots } from './view';

export interface PortFigures {
  sessions: number;
  /** Most sessions at once; 0 while the port is held. More wait at the router. */
  limit: number;
  /** Connections of clients since the router began. */
  connections: number;
}

export interface ServerFigures {
  port: 'write' | 'read';
  member: string;
  sessions: number;
  connections: number;
  /** Attempts to connect to it that failed. */
  failed: number;
}

export interface RouterFigures {
  epoch: number;
  write: PortFigures;
  read: PortFigures;
  servers: ServerFigures[];
}

export interface FigureAnswers {
  epoch: string;
  slots: string;
  writePort: string;
  readPort: string;
  primary: string;
  readers: string;
}

/** Rows of `show stat` by the names of its header. */
function parseStat(text: string): Record<string, string>[] {
  const [header = '', ...rows] = text.split('\n').filter((line) => line.trim() !== '');
  const names = header.replace(/^# /, '').split(',');
  return rows.map((row) => Object.fromEntries(row.split(',').map((cell, index) => [names[index] ?? '', cell])));
}

function portFigures(text: string): PortFigures {
  const { sessions, limit } = parseFrontend(text);
  return { sessions, limit, connections: Number(parseStat(text)[0]?.['stot']) };
}

/** Those that take clients or still have some; `nameOf` gives a member's name for its address. */
export function parseFigures(answers: FigureAnswers, nameOf: (address: string, port: number) => string): RouterFigures {
  const slots = new Map(parseSlots(answers.slots).map((slot) => [`${slot.backend}/${slot.slot}`, slot]));
  const servers = [...parseStat(answers.primary), ...parseStat(answers.readers)].flatMap((row): ServerFigures[] => {
    const backend = row['pxname'];
    const slot = slots.get(`${backend}/${row['svname']}`);
    if (!slot || (backend !== 'write' && backend !== 'read')) return [];
    const sessions = Number(row['scur']);
    if (slot.address === '0.0.0.0' || (!slot.ready && sessions === 0)) return [];
    return [
      {
        port: backend,
        member: nameOf(slot.address, slot.port),
        sessions,
        connections: Number(row['stot']),
        failed: Number(row['econ'] ?? 0),
      },
    ];
  });
  return {
    epoch: parseEpoch(answers.epoch),
    write: portFigures(answers.writePort),
    read: portFigures(answers.readPort),
    servers,
  };
}
