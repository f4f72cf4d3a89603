import { type Announcement, announcementOf, type Place, type Told } from '../../../schemas/announcement';
import type { Subscriber } from '../../../schemas/subscribers';
import { state } from '../pivot/builders';

export const made = '2026-11-26T10:00:00.000Z';
export const madeAgain = '2026-11-27T10:00:00.000Z';

export function change(epoch: number, more: Partial<Place> = {}): Announcement {
  const { created = made, event = 'primary' } = more;
  return announcementOf({ ...state(), epoch, created }, '2026-11-26T12:00:00.000Z', event);
}

export const webhook = (name: string): Subscriber => ({ name, webhook: { url: `http://${name}.example/`, secret: `subscribers/${name}` } });
export const etcd = (name: string): Subscriber => ({ name, etcd: { urls: [`http://${name}.example:2379`], key: '/drydock/db' } });

export const told = (announcement: Announcement, ...subscribers: Subscriber[]): Told => ({
  announcement,
  subscribers: subscribers.length > 0 ? subscribers : [webhook('billing'), etcd('store')],
});
