import { CancellationScope } from '@temporalio/workflow';

/**
 * Runs `work` for all items at the same time. When one fails the others are cancelled and waited for, so that whatever undoes
 * them begins when nothing is under way any more.
 */
export async function together<Item, Result>(items: Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const scope = new CancellationScope();
  return scope.run(async () => {
    const running = items.map(work);
    try {
      return await Promise.all(running);
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(running);
      throw error;
    }
  });
}
