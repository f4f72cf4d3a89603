import { type LogEvent, startByCounting } from '../../../activities/switch/lagging-start';

type Row = [type: string, end: number, info?: string];

/** `Pos` is where the row before it ended. */
const log = (rows: Row[], start = 4): LogEvent[] => {
  let position = start;
  return rows.map(([type, end, info = ''], index) => {
    const event = { Pos: position, Event_type: type, End_log_pos: end, Info: info };
    position = start + (index + 1) * 10;
    return event;
  });
};

const insert = (end: number): Row[] => [
  ['Query', end - 30, 'BEGIN'],
  ['Table_map', end - 20, 'table_id: 33 (app.t)'],
  ['Write_rows', end - 10],
  ['Xid', end, 'COMMIT /* xid=7 */'],
];
const create = (end: number): Row[] => [['Query', end, 'use `app`; CREATE TABLE t (id INT)']];

/** What the winner received: places in the old primary's log end at 1040, 1080, 1090, 1130. */
const relayed = log([
  ['Format_desc', 107],
  ['Rotate', 0, 'binlog.000002;pos=4'],
  ['Format_desc', 107],
  ...insert(1040),
  ...insert(1080),
  ...create(1090),
  ...insert(1130),
]);
/** The same transactions at the end of its own log, at other places. */
const own = (): LogEvent[] => {
  const events = log([['Format_desc', 14], ...insert(0), ...insert(0), ...create(0), ...insert(0)]);
  return events.map((event) => ({ ...event, End_log_pos: event.Pos + 10 }));
};
const openedAt = { file: 'binlog.000009', position: own().at(-1)?.End_log_pos ?? 0 };
const groupStart = (index: number): number => own()[index]?.Pos ?? 0;

it.each([
  ['one transaction behind', 1090, groupStart(10)],
  ['a transaction and a statement behind', 1080, groupStart(9)],
  ['three behind', 1040, groupStart(5)],
  ['not behind', 1130, openedAt.position],
])('%s', (_name, had, position) => {
  expect(startByCounting(relayed, own(), { file: 'binlog.000002', position: had }, 1130, openedAt)).toEqual({
    file: openedAt.file,
    position,
  });
});

it.each([
  ['another file of the source', { file: 'binlog.000001', position: 1090 }, own()],
  ['the own log has fewer', { file: 'binlog.000002', position: 1000 }, own().slice(5)],
  [
    'the own log has others',
    { file: 'binlog.000002', position: 1080 },
    own().map((event) => ({ ...event, Event_type: event.Event_type.replace('Write', 'Delete') })),
  ],
])('is not proven, so nothing: %s', (_name, had, written) => {
  expect(startByCounting(relayed, written, had, 1130, openedAt)).toBeUndefined();
});
