import { CurrentAttempt } from '../../../activities/switch/current-attempt';

/** A server that is asked, and a clock that the test moves. */
function build() {
  const world = { now: 0, asked: 0, answer: (): Promise<void> => Promise.resolve() };
  const attempt = new CurrentAttempt(
    () => {
      world.asked++;
      return world.answer();
    },
    () => world.now,
  );
  return { world, attempt };
}

const refused = () => Promise.reject(new Error('activity not found'));

describe('an attempt asks the server whether it is the current one', () => {
  it('goes on when the server says so, and believes it for a moment', async () => {
    const { world, attempt } = build();
    await attempt.prove();
    world.now = 300;
    await attempt.proveFresh();
    expect(world.asked).toBe(1);
  });

  it('asks again when it was stopped since', async () => {
    const { world, attempt } = build();
    await attempt.prove();
    world.now = 5000;
    world.answer = refused;
    await expect(attempt.proveFresh()).rejects.toMatchObject({ type: 'Conflict', nonRetryable: false });
    expect(world.asked).toBe(2);
  });

  it('counts from the question: it may have been stopped before the answer was read', async () => {
    const { world, attempt } = build();
    world.answer = () => {
      world.now += 4000;
      return Promise.resolve();
    };
    await attempt.prove();
    world.answer = refused;
    await expect(attempt.proveFresh()).rejects.toMatchObject({ type: 'Conflict' });
  });

  it('was refused: it is not proven, whenever it asks', async () => {
    const { world, attempt } = build();
    world.answer = refused;
    await expect(attempt.prove()).rejects.toMatchObject({
      type: 'Conflict',
      message: expect.stringContaining('activity not found') as string,
    });
    await expect(attempt.proveFresh()).rejects.toMatchObject({ type: 'Conflict' });
    expect(world.asked).toBe(2);
  });
});
