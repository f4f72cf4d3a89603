/** Subscribers of clusters that only have a name: what is told goes through the real workflow to real servers. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Client } from '@temporalio/client';

import { tellSubscribers } from '../../../activities/announce/tell';
import type { AnnouncementsView } from '../../../schemas/announcement';
import { announceId } from '../../../schemas/names';
import type { Subscriber } from '../../../schemas/subscribers';
import type { ClusterState } from '../../../schemas/topology';
import { Receiver } from '../../support/receiver';
import { until } from '../../support/test-cluster';
import { state } from '../../unit/pivot/builders';

export class AnnounceKit {
  private readonly receivers: Receiver[] = [];

  constructor(private readonly client: Client) {}

  /** The one secret that all subscribers name. */
  static async putSecret(folder: string, secret: string): Promise<void> {
    await mkdir(join(folder, 'subscribers'), { recursive: true });
    await writeFile(join(folder, 'subscribers', 'test'), `${secret}\n`, { mode: 0o600 });
  }

  async receiver(port?: number): Promise<Receiver> {
    const made = await Receiver.listen(port);
    this.receivers.push(made);
    return made;
  }

  async close(): Promise<void> {
    for (const receiver of this.receivers) await receiver.close();
  }

  tell(cluster: ClusterState, epoch: number, event: 'primary' | 'deleted' = 'primary'): Promise<void> {
    return tellSubscribers(this.client, { ...cluster, epoch }, event, undefined);
  }

  view(cluster: ClusterState): Promise<AnnouncementsView> {
    return this.client.workflow.getHandle(announceId(cluster.definition.name)).query<AnnouncementsView>('announcements');
  }

  untilView(cluster: ClusterState, timeoutMs: number, wanted: (view: AnnouncementsView) => boolean): Promise<AnnouncementsView> {
    return until('announcements', timeoutMs, async () => {
      const view = await this.view(cluster);
      return wanted(view) ? view : JSON.stringify(view);
    });
  }
}

export const hook = (name: string, { url }: { url: string }): Subscriber => ({ name, webhook: { url, secret: 'subscribers/test' } });

export function clusterOf(name: string, subscribers: Subscriber[]): ClusterState {
  const simulated = state({ name });
  return { ...simulated, created: '2026-11-26T10:00:00.000Z', definition: { ...simulated.definition, subscribers } };
}

/** Epochs that wait for a subscriber. */
export const waits = (view: AnnouncementsView, name: string): number[] =>
  view.subscribers.find((each) => each.name === name)?.waiting.map(({ epoch }) => epoch) ?? [];

/** Without repetitions, which retries may be. */
export const inOrder = (epochs: number[]): number[] => epochs.filter((epoch, index) => epochs[index - 1] !== epoch);
