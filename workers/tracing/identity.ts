import { type Context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { type IdGenerator, RandomIdGenerator } from '@opentelemetry/sdk-trace-base';

/** A run id is 16 random bytes, as a trace id is: whoever has one has the other, and no header has to carry it. */
export const traceIdOf = (runId: string): string => runId.replaceAll('-', '').toLowerCase();

/** Of the span that all others of a run hang on. It is sent last, when the operation ends. */
export const rootSpanIdOf = (runId: string): string => traceIdOf(runId).slice(16);

/** Spans that are begun in it belong to the run. */
export const contextOf = (runId: string): Context =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceIdOf(runId),
    spanId: rootSpanIdOf(runId),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });

/** Random ids, but for a root span, which gets those of its run. */
export class RunIds implements IdGenerator {
  private readonly random = new RandomIdGenerator();
  private run?: string;

  generateTraceId = (): string => (this.run === undefined ? this.random.generateTraceId() : traceIdOf(this.run));

  generateSpanId = (): string => (this.run === undefined ? this.random.generateSpanId() : rootSpanIdOf(this.run));

  /** What `begin` begins, which must be one span, is the root of the run. */
  asRoot<Begun>(runId: string, begin: () => Begun): Begun {
    this.run = runId;
    try {
      return begin();
    } finally {
      this.run = undefined;
    }
  }
}
