import type { AnnouncementsView, SubscriberView } from '../../schemas/announcement';

/** Who was told what, in Markdown, for the Temporal UI. Pure. */
export function renderAnnouncements({ cluster, subscribers }: AnnouncementsView, notes: string[]): string {
  return [
    `### Who knows the primary of ${cluster}`,
    '',
    '| subscriber | confirmed | waits for | attempts |',
    '| --- | --- | --- | --- |',
    ...subscribers.map(row),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${text(note)}`)] : []),
  ].join('\n');
}

function row({ name, kind, confirmed, waiting, failed, lastError, skipped }: SubscriberView): string {
  const had = confirmed ? `${confirmed.event === 'deleted' ? 'deletion' : `epoch ${confirmed.epoch}`} at ${confirmed.at}` : 'nothing';
  const open = waiting.map(({ event, epoch }) => (event === 'deleted' ? 'deletion' : `epoch ${epoch}`));
  const tried = waiting.length > 0 && failed > 0 ? `${failed} failed: ${text(lastError ?? '')}` : '';
  return `| ${name} (${kind}) | ${had}${skipped > 0 ? `, ${skipped} skipped` : ''} | ${shorten(open)} | ${tried} |`;
}

const shorten = (open: string[]): string =>
  open.length > 5 ? `${open.slice(0, 5).join(', ')} and ${open.length - 5} more` : open.join(', ');

/** What servers wrote must not become markup. */
const text = (value: string): string => value.replace(/[\r\n]+/g, ' ').replace(/[`<>[\]|]/g, (sign) => `\\${sign}`);
