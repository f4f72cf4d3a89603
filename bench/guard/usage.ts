import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

import { residentMb } from '../pivot/resident';

/** What a process has used since it began. */
interface Used {
  /** performance.now() of the reading. */
  at: number;
  cpuMs: number;
}

/** Of /proc: USER_HZ is 100 on every Linux that Node runs on. */
const msPerTick = 10;

async function usedBy(pid: number): Promise<Used> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { at: performance.now(), cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick };
}

export interface Usage {
  /** Percent of one core over the whole time. */
  cpuPercent: number;
  /** Of the five seconds with most. */
  busiestPercent: number;
  /** Resident megabytes at the end, and at most. */
  residentMb: number;
  mostResidentMb: number;
}

const everyMs = 5000;

/** Measures processes until it is stopped. */
export class Meter {
  private readonly first = new Map<string, Used>();
  private readonly last = new Map<string, Used>();
  private readonly busiest = new Map<string, number>();
  private readonly most = new Map<string, number>();
  private timer?: NodeJS.Timeout;

  private constructor(private readonly pids: Record<string, number>) {}

  static async start(pids: Record<string, number>): Promise<Meter> {
    const meter = new Meter(pids);
    await meter.read();
    meter.timer = setInterval(() => void meter.read().catch(() => undefined), everyMs);
    return meter;
  }

  async stop(): Promise<Record<string, Usage>> {
    clearInterval(this.timer);
    const usages: Record<string, Usage> = {};
    for (const [name, pid] of Object.entries(this.pids)) {
      const before = this.first.get(name);
      const resident = await residentMb(pid);
      usages[name] = {
        cpuPercent: before ? percent(before, await usedBy(pid)) : 0,
        busiestPercent: this.busiest.get(name) ?? 0,
        residentMb: resident,
        mostResidentMb: Math.max(resident, this.most.get(name) ?? 0),
      };
    }
    return usages;
  }

  private async read(): Promise<void> {
    for (const [name, pid] of Object.entries(this.pids)) {
      const used = await usedBy(pid);
      const before = this.last.get(name);
      if (before) this.busiest.set(name, Math.max(this.busiest.get(name) ?? 0, percent(before, used)));
      else this.first.set(name, used);
      this.last.set(name, used);
      this.most.set(name, Math.max(this.most.get(name) ?? 0, await residentMb(pid)));
    }
  }
}

const percent = (before: Used, after: Used): number => Math.round(((after.cpuMs - before.cpuMs) / (after.at - before.at)) * 1000) / 10;

export const cores = availableParallelism();
