import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

import type { Health } from './simulated/cluster';
import type { FleetCounts, FromFleet, ToFleet } from './simulated/process';

type Answer = Exclude<FromFleet, { kind: 'ready' | 'broken' }>;
type Question = { kind: 'primary'; cluster: string; health: Health } | { kind: 'counts' };

/** Simulated clusters in a process of their own, so that what they cost is not the worker's. */
export class Fleet {
  private requests = 0;
  private readonly waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();

  private constructor(
    private readonly child: ChildProcess,
    readonly names: string[],
    /** Socket of the simulated Docker engine. */
    readonly engine: string,
  ) {
    child.on('message', (message: FromFleet) => {
      if (message.kind === 'broken') this.fail(message.message);
      else if (message.kind !== 'ready') this.take(message);
    });
    child.on('exit', (code) => this.fail(`the simulated clusters ended with ${code}`));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  static start(home: string, clusters: number): Promise<Fleet> {
    const child = fork(join(__dirname, 'simulated', 'process.ts'), [], { execArgv: ['--import', 'tsx'] });
    return new Promise((resolve, reject) => {
      child.once('message', (message: FromFleet) => {
        if (message.kind === 'ready') resolve(new Fleet(child, message.names, message.engine));
        else reject(new Error(`the simulated clusters did not start: ${JSON.stringify(message)}`));
      });
      child.once('exit', (code) => reject(new Error(`the simulated clusters ended with ${code}`)));
      child.send({ kind: 'start', home, clusters } satisfies ToFleet);
    });
  }

  /** Answers when it happened, in milliseconds since 1970. */
  async primary(cluster: string, health: Health): Promise<number> {
    const answer = await this.ask({ kind: 'primary', cluster, health });
    return answer.kind === 'done' ? answer.at : Number.NaN;
  }

  async counts(): Promise<FleetCounts> {
    const answer = await this.ask({ kind: 'counts' });
    if (answer.kind !== 'counts') throw new Error('the simulated clusters did not tell their counts');
    return answer.counts;
  }

  stop(): void {
    this.child.removeAllListeners('exit');
    this.child.kill('SIGKILL');
  }

  private ask(question: Question): Promise<Answer> {
    const request = ++this.requests;
    return new Promise((resolve, reject) => {
      this.waiting.set(request, { resolve, reject });
      this.child.send({ ...question, request } satisfies ToFleet);
    });
  }

  private take(answer: Answer): void {
    this.waiting.get(answer.request)?.resolve(answer);
    this.waiting.delete(answer.request);
  }

  private fail(message: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(message));
    this.waiting.clear();
  }
}
