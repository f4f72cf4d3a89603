import { performance } from 'node:perf_hooks';

import { trace } from '@opentelemetry/api';

import type { TimedStep } from '../../schemas/pivot';

/** Times the sub-steps of a switch, for the report, for the heartbeat, and for whoever collects traces. */
export class Timeline {
  readonly steps: TimedStep[] = [];
  private readonly begin = performance.now();
  current = 'start';

  now(): number {
    return Math.round((performance.now() - this.begin) * 10) / 10;
  }

  async step<Result>(name: string, run: (detail: (text: string) => void) => Promise<Result>): Promise<Result> {
    const step: TimedStep = { name, startMs: this.now(), endMs: 0 };
    this.steps.push(step);
    this.current = name;
    return trace.getTracer('drydock').startActiveSpan(name, async (span) => {
      try {
        return await run((text) => (step.detail = text));
      } finally {
        step.endMs = this.now();
        span.end();
      }
    });
  }
}
