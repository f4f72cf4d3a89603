import type { Session } from '../types';

interface EventRow {
  schemaName: string;
  name: string;
  definer: string;
}

const quote = (name: string): string => `\`${name.replace(/`/g, '``')}\``;

const quoteDefiner = (definer: string): string => {
  const at = definer.lastIndexOf('@');
  return `${quote(definer.slice(0, at))}@${quote(definer.slice(at + 1))}`;
};

/**
 * An event that was created on another member stands here as `SLAVESIDE_DISABLED`. On the primary those are enabled (through the
 * binary log, which disables them on the replicas) under their own definer; an event that its owner disabled stays so.
 */
export async function setEvents(session: Session, running: boolean): Promise<void> {
  await session.query(`SET GLOBAL event_scheduler=${running ? 'ON' : 'OFF'}`);
  if (!running) return;
  const events = await session.query<EventRow>(
    'SELECT EVENT_SCHEMA AS schemaName, EVENT_NAME AS name, DEFINER AS definer FROM information_schema.EVENTS ' +
      "WHERE STATUS IN ('SLAVESIDE_DISABLED', 'REPLICA_SIDE_DISABLED')",
  );
  for (const event of events)
    await session.query(`ALTER DEFINER=${quoteDefiner(event.definer)} EVENT ${quote(event.schemaName)}.${quote(event.name)} ENABLE`);
}
