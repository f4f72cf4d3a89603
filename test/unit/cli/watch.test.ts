import type { OperationView } from '../../../client/contract';
import { after, drydock, operation, progress, step } from './harness';

const looked = step('look at the cluster', 'done', 0, 120, 'three members answer');
const waits = {
  what: 'promote orders-2',
  who: 'a person',
  since: after(130),
  until: after(3_600_130),
  gate: 'before-switch',
};
const first = operation({
  progress: progress({ steps: [step('look at the cluster', 'running', 0), step('switch the primary', 'waiting')] }),
});
const waiting = operation({
  progress: progress({
    state: 'waiting',
    steps: [looked, step('switch the primary', 'waiting')],
    waitsFor: waits,
    allowed: ['approve', 'abort'],
  }),
});
const switched = operation({ progress: progress({ steps: [looked, step('switch the primary', 'done', 200, 248, 'clients held 48 ms')] }) });
const done: OperationView = {
  ...switched,
  status: 'COMPLETED',
  closedAt: after(300),
  uiUrl: 'http://127.0.0.1:8233/x',
  progress: progress({ ...switched.progress, state: 'done' }),
};

describe('op watch', () => {
  test('off a terminal it appends a line per step that began and ended, each once', async () => {
    const { out, code } = await drydock(['op', 'watch', 'pivot/orders/7'], [first, first, switched, done]);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines.filter((line) => line.includes('look at the cluster'))).toHaveLength(2);
    expect(lines[0]).toMatch(/^12:00:00\.000 ▸ look at the cluster$/);
    expect(lines[1]).toMatch(/^12:00:00\.120 ✓ look at the cluster +120 ms +three members answer$/);
    expect(lines[2]).toMatch(/^12:00:00\.248 ✓ switch the primary +48 ms +clients held 48 ms$/);
    expect(out).toContain('http://127.0.0.1:8233/x');
    expect(out).not.toContain('\u001b');
  });

  test('off a terminal it leaves with 6 when a person is waited for, and names the command', async () => {
    const { out, code } = await drydock(['op', 'watch', 'pivot/orders/7'], [first, waiting, done]);
    expect(code).toBe(6);
    expect(out).toContain('waits for a person: promote orders-2\n      since 12:00:00, until 13:00:00');
    expect(out).toContain('npx drydock op approve pivot/orders/7 --gate before-switch');
    expect(out).toContain('npx drydock op abort pivot/orders/7');
  });

  test('off a terminal it stays while the guard is waited for, which needs nobody', async () => {
    const waitsFor = { what: 'rejoin orders-3', who: 'guard/orders', since: after(1), until: after(60_001) };
    const heals = operation({ progress: progress({ state: 'waiting', waitsFor, allowed: ['pause', 'abort'] }) });
    const { out, code } = await drydock(['op', 'watch', 'pivot/orders/7'], [heals, switched, done]);
    expect(code).toBe(0);
    expect(out).toContain('waits for guard/orders: rejoin orders-3');
    expect(out).not.toContain('op approve');
  });

  test('with --wait it goes on through the wait', async () => {
    expect((await drydock(['op', 'watch', 'pivot/orders/7', '--wait'], [first, waiting, done])).code).toBe(0);
  });

  test('on a terminal it redraws in place, shows the wait, and leaves the final state', async () => {
    const { out, code } = await drydock(['op', 'watch', 'pivot/orders/7'], [first, waiting, switched, done], {
      terminal: { live: true, colourOut: true, columns: 72 },
    });
    expect(code).toBe(0);
    expect(out).toContain('op approve pivot/orders/7');
    const last = out.slice(out.lastIndexOf('[J'));
    expect(last).toMatch(/✓ look at the cluster +120 ms/);
    expect(last).toMatch(/pivot cluster\/orders +done/);
    expect(out.split('[?25l').length).toBe(out.split('[?25h').length + 3);
  });

  test('lines that are redrawn are never wider than the terminal', async () => {
    const long = operation({ progress: progress({ steps: [step('look at the cluster', 'done', 0, 1, 'word '.repeat(60))] }) });
    const { out } = await drydock(['op', 'watch', 'x'], [long, done], { terminal: { live: true, columns: 60 } });
    const drawn = out.slice(0, out.lastIndexOf('\u001b[?25h'));
    for (const line of drawn.split('\n')) expect(line.replace(/\u001b\[[?0-9;]*[a-zA-Z]|\r/g, '').length).toBeLessThanOrEqual(60);
  });

  test('Ctrl-C leaves the operation running and says so', async () => {
    const interrupt = new AbortController();
    const { err, code } = await drydock(['op', 'watch', 'pivot/orders/7'], [], {
      interrupt,
      client: {
        async *watch(_id, signal) {
          yield first;
          interrupt.abort();
          await new Promise((_, reject) =>
            signal?.aborted ? reject(new Error('aborted')) : signal?.addEventListener('abort', () => reject(new Error('aborted'))),
          );
        },
      },
    });
    expect(code).toBe(130);
    expect(err).toContain('the operation goes on without this terminal');
    expect(err).toContain('npx drydock op watch pivot/orders/7');
  });

  test('says that no worker answers instead of waiting for ever', async () => {
    jest.useFakeTimers();
    try {
      const running = drydock(['op', 'watch', 'pivot/orders/7'], [], {
        client: {
          async *watch(_id, signal) {
            yield operation({ progress: undefined });
            await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
          },
        },
      });
      await jest.advanceTimersByTimeAsync(21_000);
      const { code, err } = await running;
      expect(code).toBe(5);
      expect(err.replace(/\s+/g, ' ')).toContain(
        'no worker answers for pivot/orders/7 on Temporal at 127.0.0.1:7233 within 20 s; the operation is kept',
      );
      expect(err).toContain('npx drydock up');
    } finally {
      jest.useRealTimers();
    }
  });

  test('an operation that failed shows its code, and warnings and controls once each', async () => {
    const failed = operation({
      status: 'FAILED',
      closedAt: after(500),
      failure: { code: 'Aborted', message: 'aborted by ada', problems: [] },
      progress: progress({
        state: 'aborted',
        warnings: ['routers were slow'],
        steps: [looked, step('switch the primary', 'undone', 130, 140)],
        controls: [{ at: after(135), control: 'abort', by: 'ada', outcome: 'accepted', message: 'undoes what was done' }],
      }),
    });
    const { out, code } = await drydock(['op', 'watch', 'pivot/orders/7'], [first, failed]);
    expect(code).toBe(1);
    expect(out).toContain('Aborted  aborted by ada');
    expect(out).toContain('abort by ada accepted: undoes what was done');
    expect(out).toContain('↩ switch the primary');
  });
});

describe('op show', () => {
  test('without a worker it shows what the server knows', async () => {
    const view = operation({
      progress: undefined,
      pending: [{ activity: 'switchPrimary', attempt: 3, state: 'SCHEDULED', lastFailure: 'connection refused' }],
      stuckWorkflowTask: { attempt: 4, failure: 'no such export' },
    });
    const { out, code } = await drydock(['op', 'show', 'pivot/orders/7'], [view]);
    expect(code).toBe(0);
    expect(out).toContain('no worker answers; what the server knows:');
    expect(out).toContain('the plan is stuck at attempt 4: no such export');
    expect(out).toContain('switchPrimary: scheduled, attempt 3, last failure: connection refused');
  });

  test('without an id it shows the newest that is not a guard', async () => {
    const list = [operation({ id: 'guard/orders', type: 'guardCluster' }), operation({ id: 'pivot/orders/7' })];
    const asked: string[] = [];
    await drydock(['op', 'show'], [], {
      client: { list: () => Promise.resolve(list), show: (id) => (asked.push(id), Promise.resolve(done)) },
    });
    expect(asked).toEqual(['pivot/orders/7']);
  });

  test('an unknown id ends with 4', async () => {
    const unknown = Object.assign(new Error('workflow not found'), { name: 'WorkflowNotFoundError' });
    const { code, err } = await drydock(['op', 'show', 'nope'], [], { client: { show: () => Promise.reject(unknown) } });
    expect(code).toBe(4);
    expect(err).toContain('UnknownOperation');
  });
});

describe('op controls', () => {
  test('sends who asks and why, and says what will happen', async () => {
    const { out, fake, code } = await drydock(['op', 'pause', 'pivot/orders/7', '--reason', 'batch job']);
    expect(code).toBe(0);
    expect(fake.controls).toEqual([
      { id: 'pivot/orders/7', control: 'pause', request: { by: 'ada', reason: 'batch job', gate: undefined } },
    ]);
    expect(out).toBe('✓ pause: pauses before the switch\n');
  });

  test('approve names the gate', async () => {
    const { fake, json } = await drydock(['op', 'approve', 'x', '--gate', 'before-switch', '--by', 'bob', '--json']);
    expect(fake.controls[0]).toMatchObject({ control: 'approve', request: { by: 'bob', gate: 'before-switch' } });
    expect(json()).toEqual({ control: 'approve', message: 'pauses before the switch', operation: 'x' });
  });

  test('a control that is not allowed now ends with 3', async () => {
    const refusal = Object.assign(new Error('the switch is bounded to 10 s'), { code: 'NotAllowedNow', problems: [] });
    const { code, err } = await drydock(['op', 'abort', 'x'], [], { client: { control: () => Promise.reject(refusal) } });
    expect(code).toBe(3);
    expect(err).toContain('NotAllowedNow  the switch is bounded to 10 s');
  });

  test('a rollback that starts a new operation is followed', async () => {
    const { out, code } = await drydock(['op', 'rollback', 'pivot/orders/6'], [first, done], {
      client: { control: () => Promise.resolve({ message: 'a planned pivot back', operation: 'pivot/orders/7' }) },
    });
    expect(code).toBe(0);
    expect(out).toContain('rollback: a planned pivot back');
    expect(out).toContain('✓ switch the primary');
  });
});

describe('op list', () => {
  test('shows ids whole at 100 columns', async () => {
    const id = 'pivot/a-cluster-with-a-long-name/20261124T034512-4f9a';
    const { out } = await drydock(['op', 'list'], [operation({ id, status: 'COMPLETED', closedAt: after(4200) }), operation()]);
    expect(out).toContain(id);
    expect(out).toContain('4.20 s');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('hands the filters on', async () => {
    const asked: unknown[] = [];
    await drydock(['op', 'list', '--target', 'cluster/orders', '--running', '--limit', '5'], [], {
      client: { list: (filter) => (asked.push(filter), Promise.resolve([])) },
    });
    expect(asked).toEqual([{ target: 'cluster/orders', running: true, limit: 5 }]);
  });
});
